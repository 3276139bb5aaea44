"""What follows when a payment arrives."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="payment.applied",
    title="A payment arrives",
    about="Booked at gross; sales sees the open amount at once, without waiting for the ERP.",
    steps=(
        apply("Apply the payment"),
        *books(),
        tell("crm.invoice_state", "Tell sales how the invoice stands"),
    ),
)
