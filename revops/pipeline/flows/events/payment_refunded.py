"""What follows when a payment is refunded."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, publish, tell

FLOW = Flow(
    event="payment.refunded",
    title="A payment is refunded",
    about="Booked and posted; then sales and customer success see it.",
    steps=(
        apply("Keep the refund"),
        *books(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
        tell("success.payment_signal", "Tell customer success about the money", after=("post",)),
        publish(),
    ),
)
