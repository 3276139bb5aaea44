"""What follows when usage is priced."""

from __future__ import annotations

from revops.pipeline.flows.base import Flow, Undo, apply, ask, check

FLOW = Flow(
    event="usage.rated",
    title="Usage is priced",
    about="A period's usage becomes one billable line; the ERP sees only what was billed.",
    steps=(
        apply("Match, add up and price it"),
        check("agreed", "It was priced by a price that is known"),
        ask(
            "billing.invoice_item.create",
            "Put the line on the next invoice",
            after=("agreed",),
            undo=Undo("billing.invoice_item.delete"),
        ),
    ),
)
