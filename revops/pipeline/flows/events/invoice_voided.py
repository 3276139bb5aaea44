"""What follows when an invoice is voided."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, publish, tell, void_tax

FLOW = Flow(
    event="invoice.voided",
    title="An invoice is voided",
    about="An exact mirror undoes it in the books; then the tax engine and sales see it.",
    steps=(
        apply("Void the invoice"),
        *books(),
        void_tax(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
        publish(),
    ),
)
