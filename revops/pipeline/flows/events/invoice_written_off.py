"""What follows when an invoice is written off."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, apply, books, tell

FLOW = Flow(
    event="invoice.written_off",
    title="An invoice is written off",
    about="The loss or concession is booked; sales sees that nothing is open any more.",
    steps=(
        apply("Write the invoice off"),
        *books(),
        tell("crm.invoice_state", "Tell sales how the invoice stands", after=("post",)),
    ),
)
