"""The case kinds that credits detect (docs/playbooks)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from accounts.models import User
from exceptions import kinds
from exceptions.kinds import Kind, Remedy
from exceptions.models import Case
from revops.credits.operations import otherwise
from revops.credits.operations.following import NOT_ISSUED, UNAPPROVED
from revops.kernel import strict_json
from revops.pipeline.transform.crediting import BALANCE, INVOICE, REFUND


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare_remedy(
        *(
            Remedy(
                f"credit_to_{settles}", label, "cases.retry", waits=True,
                run=partial(_ask, settles=settles), allowed=partial(_fits, settles=settles),
                hint=hint,
            )
            for settles, label, hint in _WAYS
        )
    )  # fmt: skip
    kinds.declare(
        Kind(otherwise.KIND, "Invoice changed before its credit", team="Finance",
             sla=timedelta(days=1), playbook=otherwise.KIND,
             remedies=(*(f"credit_to_{settles}" for settles, _, _ in _WAYS), "retry"),
             why="The customer was promised a credit that billing cannot give as it was asked for.",
             fix="Choose where the money goes. The amount stays, and somebody else agrees."),
        Kind(NOT_ISSUED, "Approved credit not issued", team="Finance", sla=timedelta(days=1),
             playbook=NOT_ISSUED,
             why="The customer was promised a credit that is not in billing or in the books.",
             fix="Mend what billing named; it is asked again by itself, or retry its posting."),
        Kind(UNAPPROVED, "Credit note without approval", team="Finance", sla=timedelta(days=1),
             playbook=UNAPPROVED, tone="crit",
             why="Money was given back that nobody with the right agreed to.",
             fix="Ask who issued it. Void it in billing, or have the request approved."),
    )  # fmt: skip


# (where it goes, what the button says, what it does)
_WAYS: Final = (
    (BALANCE, "Give it as balance", "The invoice is paid: the next one is lowered instead."),
    (REFUND, "Pay it back", "The invoice is paid: the money goes back the way it came."),
    (INVOICE, "Lower the open invoice", "The invoice is open again."),
)


def _fits(case: Case, *, settles: str) -> str | None:
    if case.command is None or case.command.kind != otherwise.NOTE:
        return "It is no credit note."
    asked = strict_json.loads(case.command.payload).get("settles")
    if asked == settles:
        return "It was refused like that."
    if INVOICE not in (asked, settles):
        return "What billing refused is not where the money goes."
    return None


def _ask(case: Case, by: User, *, settles: str) -> str:
    return otherwise.ask(case, by, settles)
