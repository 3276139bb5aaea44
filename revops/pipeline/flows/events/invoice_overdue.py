"""What follows when an invoice is overdue."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="invoice.overdue",
    title="An invoice is overdue",
    about="No journal. Whoever talks with the customer knows before they call.",
    steps=(
        apply("Mark the invoice as overdue"),
        tell("crm.invoice_state", "Tell sales how the invoice stands"),
        tell("success.payment_signal", "Tell customer success about the money"),
        publish(),
    ),
)
