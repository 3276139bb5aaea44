"""What follows when an invoice is issued."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, check, publish, record_tax, tell

FLOW = Flow(
    event="invoice.issued",
    title="An invoice is issued",
    about="Checked, journalized and posted; then the tax engine records it and sales sees it.",
    steps=(
        apply("Keep the invoice"),
        check("entity", "It belongs to one legal entity's books"),
        check("tax", "Each tax on it has its account"),
        check("ledger", "Each line says how it is earned"),
        *books("entity", "tax", "ledger"),
        record_tax(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
        publish(),
    ),
)
