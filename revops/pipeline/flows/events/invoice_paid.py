"""What follows when an invoice is paid."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="invoice.paid",
    title="An invoice is paid",
    about="The payment is journalized, not the invoice's state. Sales and customer success see it.",
    steps=(
        apply("Mark the invoice as paid"),
        tell("crm.invoice_state", "Tell sales how the invoice stands"),
        tell("success.payment_signal", "Tell customer success about the money"),
        publish(),
    ),
)
