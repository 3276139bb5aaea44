"""What follows when a payout reaches the bank."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books

FLOW = Flow(
    event="payout.settled",
    title="A payout reaches the bank",
    about="The processor's balance is cleared.",
    steps=(
        apply("Keep the payout"),
        *books(),
    ),
)
