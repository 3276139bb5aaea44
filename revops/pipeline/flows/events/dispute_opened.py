"""What follows when a customer disputes a payment."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="dispute.opened",
    title="A customer disputes a payment",
    about="The contested money is booked, and customer success hears of it.",
    steps=(
        apply("Keep the dispute"),
        *books(),
        tell("success.payment_signal", "Tell customer success about the money"),
    ),
)
