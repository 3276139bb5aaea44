"""What follows when a payment is declined."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, publish, tell

FLOW = Flow(
    event="payment.failed",
    title="A payment is declined",
    about="No money moved, so no journal. Customer success hears of it.",
    steps=(
        apply("Keep the attempt"),
        tell("crm.invoice_state", "Tell sales how the invoice stands"),
        tell("success.payment_signal", "Tell customer success about the money"),
        publish(),
    ),
)
