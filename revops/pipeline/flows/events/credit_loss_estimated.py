"""What follows when expected credit loss is estimated."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books

FLOW = Flow(
    event="credit_loss.estimated",
    title="Expected credit loss is estimated",
    about="The period's allowance is booked.",
    steps=(
        apply("Keep the estimate"),
        *books(),
    ),
)
