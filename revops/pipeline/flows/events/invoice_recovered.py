"""What follows when a lost invoice is paid after all."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="invoice.recovered",
    title="A lost invoice is paid after all",
    about="Reinstated and collected in the books; everybody learns of it.",
    steps=(
        apply("Reinstate the invoice"),
        *books(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
        tell("success.payment_signal", "Tell customer success about the money", after=("post",)),
    ),
)
