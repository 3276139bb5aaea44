"""What follows when a payment comes back unpaid."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="payment.returned",
    title="A payment comes back unpaid",
    about="The invoice is open again in the books and for sales.",
    steps=(
        apply("Open the invoice again"),
        *books(),
        tell("crm.invoice_state", "Tell sales how the invoice stands"),
        tell("success.payment_signal", "Tell customer success about the money"),
    ),
)
