"""
What is done about late events: those of a period that was signed, which wait as cases.

While nothing is locked they may be let in: the period opens, they are booked in it, and the names
under it are given anew. Or what they earn there is accrued, and they are booked in the next open
period. Otherwise they are dated into that and keep their own day (both ``pipeline/closed``), or the
period's reopening is asked for. All of them take somebody's yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from exceptions.models import Case, CaseState
from revops.audit.operations import record, recorded
from revops.close.models import LateChoice, LatePolicy
from revops.close.models.late import LateWay
from revops.close.operations.signing import suspend_changed
from revops.close.queries.causes import LATE
from revops.close.queries.periods import Closing, closings
from revops.kernel import clock
from revops.kernel.money import Money
from revops.pipeline.period_end import periods

_LONGEST: Final = 1_000


class LateRefused(Exception):
    """It cannot be chosen now; the message says why."""


def proposed(closing: Closing, amount: Money | None) -> LateWay:
    """What the policy says of an amount; what is not known counts as any amount."""
    rows = LatePolicy.objects.filter(legal_entity=closing.entity_id)
    found = None
    for one in sorted(rows, key=lambda row: (row.up_to is None, row.up_to or 0)):
        if one.up_to is None or (amount is not None and abs(amount.decimal) <= Decimal(one.up_to)):
            found = LateWay(one.way)
            break
    if found is None:
        found = LateWay.INCLUDE if closing.soft else LateWay.NEXT_OPEN
    if found == LateWay.INCLUDE and closing.closed:
        return LateWay.REOPEN
    if found == LateWay.ACCRUE and closing.closed:
        return LateWay.NEXT_OPEN
    return found


@recorded
@transaction.atomic
def choose(*, closing: Closing, way: str, by: User, cases: Sequence[int], reason: str = "") -> str:
    """
    Decide about late events of a close, by their cases; a sentence of what happens now.

    INCLUDE opens a period that is closed softly. REOPEN asks others to open one that is closed.
    NEXT_OPEN and ACCRUE are jobs that somebody else agrees to: their address is the cause's page,
    so they are refused here.

    Raises NotAllowed, OutOfScope, LateRefused, periods.PeriodRefused, approvals.ApprovalRefused.
    """
    by = authorize(by, "periods.reopen", entities=[closing.entity])
    (closing,) = closings(closing.code, entity=closing.entity)
    held = list(
        Case.objects.select_for_update()
        .filter(
            pk__in=list(cases), kind=LATE, legal_entity=closing.entity_id,
            period_code=closing.code,
        )
        .exclude(state=CaseState.RESOLVED)
        .order_by("fingerprint")
    )  # fmt: skip
    if not held:
        raise LateRefused("Nothing waits any more. Look again.")
    reason = reason.replace("\x00", "").strip()[:_LONGEST]
    if way == LateWay.INCLUDE:
        if not closing.soft:
            raise LateRefused(f"{closing.code} is locked: ask to reopen it, or date it later.")
        again = periods.let_in(period_id=closing.period_id, by=by)
        suspend_changed(closing)
        said = f"{closing.code} is open again and {again:,} late go through. Then sign it anew."
    elif way == LateWay.REOPEN:
        request = periods.ask_to_open(period_id=closing.period_id, by=by, reason=reason)
        said = f"Others decide whether {closing.code} is reopened: {request}."
    else:
        raise LateRefused("Choose on the cause’s page which documents are dated later.")
    now = clock.now()
    LateChoice.objects.bulk_create(
        LateChoice(
            case=case, legal_entity_id=closing.entity_id, period_code=closing.code, way=way,
            proposed=proposed(closing, _amount(case)), reason=reason, by=by, at=now,
        )
        for case in held
    )  # fmt: skip
    record(
        "close.late", by=actor_of(by), kind="close", entity=closing.entity, label=closing.name,
        reference=f"{closing.entity} {closing.code}", reason=reason,
        after={"way": way, "cases": [str(case) for case in held]},
    )  # fmt: skip
    return said


def _amount(case: Case) -> Money | None:
    if case.at_stake is None or not case.currency:
        return None
    return Money(case.at_stake, case.currency)
