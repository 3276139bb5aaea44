"""
Two names under a close. The preparer's closes the period softly, the reviewer's closes it.

Neither can be given while a test is untrue and not waived, or while people's tasks are left. Both
stand for the books as they were: when those change, the names suspend themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.close.models import PeriodSignOff
from revops.close.models.signing import SignRole
from revops.close.queries.periods import Closing, closings
from revops.close.readiness import Readiness, of_closings
from revops.close.reasons import Reason, against
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod, PeriodState
from revops.notices.operations import tell
from revops.pipeline.period_end import periods
from revops.store import sql

KIND: Final = "sign_off_suspended"
_BOOKS: Final = """
SELECT currency, count(*) AS entries, sum(amount)::bigint AS amount, max(id) AS newest
FROM ledger_journalentry WHERE period_id = %s GROUP BY currency ORDER BY currency
"""


class SignRefused(Exception):
    """It cannot be signed now; ``reasons`` say why, each in a sentence."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        super().__init__(reasons[0].text if reasons else "It cannot be signed now.")
        self.reasons = list(reasons)


@recorded
@transaction.atomic
def sign(*, closing: Closing, role: str, by: User, seen: str, note: str = "") -> PeriodSignOff:
    """
    Put a name under the close. ``seen`` is the digest of the tests as the person had them before
    them (``Readiness.digest``).

    Raises NotAllowed (also for a preparer who reviews), OutOfScope, SignRefused.
    """
    rows = AccountingPeriod.objects.select_for_update()
    rows.get(pk=closing.period_id)
    now = clock.now()
    (closing,) = closings(closing.code, entity=closing.entity)
    (found,) = of_closings([closing], at=now)
    preparer = found.names.preparer
    if role == SignRole.PREPARER:
        by = authorize(by, "close.prepare", entities=[closing.entity], fresh=True)
    else:
        makers = [preparer.by_id] if preparer else []
        by = authorize(by, "close.sign", entities=[closing.entity], makers=makers, fresh=True)
    reasons = against(found, role)
    if reasons:
        raise SignRefused(reasons)
    if found.digest != seen:
        raise SignRefused([Reason("A test changed while you looked at it. Look again first.")])
    books = books_of(closing)
    if preparer is not None and preparer.told.get("books") != books:
        raise SignRefused([Reason("The books changed since they were prepared. Prepare it again.")])
    _end([one for one in found.names.every if one.suspended_at is None and one != preparer],
         "Somebody signed it anew.")  # fmt: skip
    made = PeriodSignOff.objects.create(
        legal_entity_id=closing.entity_id, period_code=closing.code, role=role, by=by, at=now,
        evidence=found.digest, told=_told(found, books),
        note=note.replace("\x00", "").strip()[:1_000],
    )  # fmt: skip
    try:
        if role == SignRole.PREPARER:
            periods.soft_close(period_id=closing.period_id, by=by)
        else:
            periods.close_period(period_id=closing.period_id, by=by)
    except periods.PeriodRefused as refusal:
        raise SignRefused([Reason(str(refusal))]) from refusal
    record(
        "close.signed", by=actor_of(by), kind="close", entity=closing.entity, label=closing.name,
        reference=f"{closing.entity} {closing.code}", reason=made.note,
        after={"role": role, "evidence": made.evidence, "books": books},
    )  # fmt: skip
    return made


def books_of(closing: Closing) -> list[list[Any]]:
    """What is in a period's books: currency, entries, their amount, the newest one."""
    found = sql.rows(_BOOKS, (closing.period_id,))
    return [[row.currency, row.entries, row.amount, row.newest] for row in found]


def _told(found: Readiness, books: list[list[Any]]) -> dict[str, Any]:
    return {
        "tests": len(found.used), "true": found.true, "books": books,
        "waived": [one.test.slug for one in found.answers if one.waived],
        "tasks": len(found.tasks.rows),
    }  # fmt: skip


def suspend_changed(closing: Closing) -> int:
    """
    Suspend the names of a close whose books are others now, that was opened again, or of which a
    test turned untrue before it was reviewed. Called by the console; how many.
    """
    with transaction.atomic():
        held = list(
            PeriodSignOff.objects.select_for_update(of=("self",)).filter(
                legal_entity=closing.entity_id, period_code=closing.code, suspended_at__isnull=True
            )
        )
        if not held:
            return 0
        why = _why_not(closing, held)
        if why:
            _end(held, why)
            _tell(held, closing, why)
        return len(held) if why else 0


def _why_not(closing: Closing, held: Sequence[PeriodSignOff]) -> str:
    state = AccountingPeriod.objects.values_list("state", flat=True).get(pk=closing.period_id)
    if state == PeriodState.OPEN:
        return "The period was opened again."
    books = books_of(closing)
    if any(one.told.get("books") != books for one in held):
        return "Its books are others than what was signed."
    if state == PeriodState.SOFT_CLOSED:
        (found,) = of_closings(closings(closing.code, entity=closing.entity), at=clock.now())
        lasting = [one for one in found.stops if not one.test.passing]
        if lasting:
            return f"Not true any more: {lasting[0].test.label}."
    return ""


def _end(rows: Sequence[PeriodSignOff], why: str) -> None:
    now = clock.now()
    PeriodSignOff.objects.filter(pk__in=[one.pk for one in rows]).update(
        suspended_at=now, suspended_why=why[:200]
    )


def _tell(rows: Sequence[PeriodSignOff], closing: Closing, why: str) -> None:
    for one in rows:
        tell(
            recipients={one.by_id}, kind=KIND, key=f"{KIND}:close:{one.pk}",
            title=f"Your sign-off of {closing.name} {closing.code} is suspended",
            text=f"{why} Look at the close and sign again.", entity=closing.entity,
            link=reverse("close:entity", args=[closing.code, closing.entity]),
        )  # fmt: skip
