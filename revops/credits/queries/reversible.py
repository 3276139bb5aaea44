"""Whether an issued credit can still be taken back, and which run of the line gave it."""

from __future__ import annotations

from typing import Final

from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.kernel.money import Money
from revops.store import sql

_OPEN: Final = ("issued", "overdue")
_MADE: Final = """
SELECT run.id FROM pipeline_flowrun run JOIN pipeline_steprun step ON step.run_id = run.id
WHERE run.flow = 'credit.approved' AND run.record_kind = 'credit' AND run.record_id = %s
    AND run.state NOT IN ('compensating', 'compensated')
    AND step.step = 'billing.credit_note.create' AND step.state = 'done'
ORDER BY run.id DESC LIMIT 1
"""


def made_by(credit: ServiceCredit) -> int | None:
    """The run of the line whose command made the credit note."""
    row = sql.one(_MADE, (credit.record_id or 0,))
    return row.id if row else None


def hindrance(credit: ServiceCredit) -> str:
    """
    Why the credit cannot be taken back, for people; blank when it can. Billing voids a credit note
    only while the invoice that it lowered is open: what was used since is a matter of its own.
    """
    memo = credit.memo
    if credit.state != life.ISSUED or memo is None or credit.invoice is None:
        return f"{credit} is {life.STATES[credit.state].lower()}: only an issued credit can be."
    if credit.posted_at is None:
        return "The credit memo is still on its way to the ERP: wait until it is there."
    if memo.applied > 0:
        used = Money(memo.applied, memo.currency)
        return f"{used} of it is applied to a later invoice already, so it stays. Bill that again."
    if memo.settles == "refund":
        return "The money was paid back to the customer already, so it stays. Bill that again."
    if memo.settles == "balance":
        return (
            "It is in the customer’s balance, where billing voids no credit note. "
            "Bill that again on the next invoice."
        )
    invoice = credit.invoice
    if invoice.state not in _OPEN:
        state = invoice.get_state_display().lower()
        return (
            f"It is applied already: invoice {invoice.number} is {state}. Billing voids a credit "
            "note only while its invoice is open."
        )
    if made_by(credit) is None:
        return "Somebody made the note in billing itself. Void it there; the request follows."
    return ""
