"""What follows when a credit is approved."""

from __future__ import annotations

from revops.pipeline.flows.base import APPLY, Flow, Undo, apply, ask, tell

FLOW = Flow(
    event="credit.approved",
    title="A credit is approved",
    about="Billing issues the credit note, which comes back as an event and is booked by its type.",
    steps=(
        apply("Keep the request"),
        ask(
            "billing.credit_note.create",
            "Issue the credit note",
            after=(APPLY,),
            undo=Undo(
                "billing.credit_note.void",
                decided="A credit note is taken back on the credit’s page, with somebody’s yes.",
            ),
        ),
        tell("support.credit_state", "Show the stage on the ticket"),
        tell("success.payment_signal", "Tell customer success about the money"),
    ),
)
