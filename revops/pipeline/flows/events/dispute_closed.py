"""What follows when a dispute is decided."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="dispute.closed",
    title="A dispute is decided",
    about="Won or lost, the books follow, and customer success hears of it.",
    steps=(
        apply("Close the dispute"),
        *books(),
        tell("success.payment_signal", "Tell customer success about the money"),
    ),
)
