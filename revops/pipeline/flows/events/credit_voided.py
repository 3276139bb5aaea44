"""What follows when a credit is voided."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell, void_tax

FLOW = Flow(
    event="credit.voided",
    title="A credit is voided",
    about="An exact mirror undoes it in the books; then sales and customer success see it.",
    steps=(
        apply("Void the credit"),
        *books(),
        void_tax(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
        tell("support.credit_state", "Show the stage on the ticket", after=("post",)),
        tell("success.payment_signal", "Tell customer success about the money", after=("post",)),
    ),
)
