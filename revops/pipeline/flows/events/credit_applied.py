"""What follows when a credit settles an invoice."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="credit.applied",
    title="A credit settles an invoice",
    about="The customer's balance pays the invoice, in the books and for sales.",
    steps=(
        apply("Apply the credit"),
        *books(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
    ),
)
