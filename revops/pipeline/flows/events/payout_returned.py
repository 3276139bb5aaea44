"""What follows when a payout comes back."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books

FLOW = Flow(
    event="payout.returned",
    title="A payout comes back",
    about="The money is in the processor's balance again.",
    steps=(
        apply("Return the payout"),
        *books(),
    ),
)
