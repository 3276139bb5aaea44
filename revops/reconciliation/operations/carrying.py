"""Leaving breaks to the next period: with a reason, and with somebody's yes above a limit."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import authorize
from approvals import operations as approvals
from approvals.models import ApprovalRequest
from revops.audit.operations import recorded
from revops.kernel.money import Money
from revops.reconciliation.models import Run
from revops.reconciliation.queries import carried, signoffs

ACTION: Final = "reconciliation.run"
_MOST_NAMED: Final = 10


class CarryRefused(Exception):
    """The message says why."""


@recorded
@transaction.atomic
def ask(*, run: Run, reason: str, by: User) -> ApprovalRequest:
    """
    Ask to carry forward what is undecided in the run's period. The approvals' policy of
    ``breaks_carried`` says by their gross amount who agrees; up to its lowest tier nobody has to.

    Raises NotAllowed, OutOfScope, CarryRefused, approvals.ApprovalRefused.
    """
    code = run.legal_entity.code
    by = authorize(by, ACTION, entities=[code])
    newest = signoffs.latest(run.pair_id, run.legal_entity_id, run.period_code)
    if newest is None or newest.pk != run.pk:
        raise CarryRefused("A newer run has other breaks. Look at that one.")
    breaks = carried.undecided(run)
    if not breaks:
        raise CarryRefused("No break needs a decision any more.")
    if not reason.strip():
        raise CarryRefused("Say why they can wait for the next period.")
    currencies = {one.currency for one in breaks}
    gross = sum(abs(one.difference) for one in breaks)
    content: dict[str, Any] = {
        "run": run.number, "pair": run.pair_id, "period": run.period_code,
        "digest": carried.digest(breaks), "reason": reason.strip()[:1_000], "count": len(breaks),
        "sums": {
            one: [
                sum(held.difference for held in breaks if held.currency == one),
                sum(abs(held.difference) for held in breaks if held.currency == one),
            ]
            for one in sorted(currencies)
        },
        "named": [
            [one.left_key or one.right_key, one.type, one.currency, one.difference]
            for one in breaks[:_MOST_NAMED]
        ],
    }  # fmt: skip
    # Sums of several currencies have no amount: the policy's highest tier decides.
    amount = Money(gross, currencies.pop()) if len(currencies) == 1 else None
    return approvals.ask(
        subject=carried.SUBJECT, subject_id=carried.identity(run), content=content, by=by,
        entity=code, amount=amount, note=content["reason"],
    )  # fmt: skip
