"""What follows when a credit is issued."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, publish, record_tax, tell

FLOW = Flow(
    event="credit.issued",
    title="A credit is issued",
    about="Booked by its type and posted; then the ticket, sales and customer success see it.",
    steps=(
        apply("Keep the credit"),
        *books(),
        record_tax(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
        tell("support.credit_state", "Show the stage on the ticket", after=("post",)),
        tell("success.payment_signal", "Tell customer success about the money", after=("post",)),
        publish(),
    ),
)
