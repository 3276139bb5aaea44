"""
How the demo company closes: its targets and holidays, its people's tasks, what is proposed for late
events, and the closes of the past half-year with the causes that stood in their way. Seeding is
idempotent; what somebody changed since is left alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from accounts.models import User
from approvals import operations as approvals
from exceptions.findings import cause_key_of
from exceptions.models import Case, CaseState
from revops.close import workdays
from revops.close.models import CloseCalendar, LatePolicy, PeriodSignOff, TaskTemplate
from revops.close.operations import waiving
from revops.kernel import clock
from revops.kernel.keys import sha256
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodState

_CLOSES: Final = 6
# Code, working days to the target, holidays by month and day.
TARGETS: Final = (
    ("US-INC", 3, ("01-01", "07-03", "11-26", "11-27", "12-25")),
    ("UK-LTD", 4, ("01-01", "08-31", "12-25", "12-28")),
    ("DE-GMBH", 4, ("01-01", "05-01", "10-03", "12-25")),
)
# Title, area, working day.
TASKS: Final = (
    ("Bank and gateway statements loaded", "payments", 1),
    ("Manual journals explained", "erp_posting", 2),
    ("Contracts over 100,000.00 read", "revenue", 2),
    ("Credit-loss provision set", "revenue", 3),
    ("Period closed in the ERP", "erp_posting", 4),
)
# How many working days each of the last closes took, the oldest first.
TOOK: Final = {
    "US-INC": (6, 5, 5, 4, 3, 3), "UK-LTD": (5, 5, 4, 4, 4, 3), "DE-GMBH": (5, 4, 4, 4, 3, 3),
}  # fmt: skip
# What stood in the way of each: kind, words, hours until it was settled, whole units.
_CAUSES: Final = (
    ("mapping_missing", "A tax code had no ledger account", 20, 12_400),
    ("refused", "The ERP refused a customer on hold", 31, 3_900),
    ("in_doubt", "The ERP took a posting and did not answer", 2, 8_150),
    ("service_period_missing", "An invoice line had no service period", 46, 2_280),
)


def seed() -> None:
    """What is not there yet. Nothing of it moves money."""
    now = clock.now()
    approvals.begin_with(
        subject=waiving.SUBJECT, tiers=waiving.TIERS, since=now.date(), made_by="Setup"
    )
    for code, target, days in TARGETS:
        entity = LegalEntity.objects.get(code=code)
        years = (now.year - 1, now.year, now.year + 1)
        CloseCalendar.objects.get_or_create(
            legal_entity=entity,
            defaults={
                "target_days": target, "changed_at": now,
                "holidays": [f"{year}-{day}" for year in years for day in days],
            },
        )  # fmt: skip
        if not LatePolicy.objects.filter(legal_entity=entity).exists():
            LatePolicy.objects.create(
                legal_entity=entity, way="include", up_to=None, changed_at=now
            )
            LatePolicy.objects.create(
                legal_entity=entity, way="next_open", up_to=10_000, changed_at=now
            )
        _history(entity)
    for place, (title, area, day) in enumerate(TASKS, start=1):
        TaskTemplate.objects.get_or_create(
            slug=f"demo-{place}", version=1,
            defaults={"title": title, "area": area, "due_day": day, "made_at": now},
        )  # fmt: skip


def _history(entity: LegalEntity) -> None:
    """Names under the last closes that are over, once."""
    if PeriodSignOff.objects.filter(legal_entity=entity).exists():
        return
    closed = AccountingPeriod.objects.filter(legal_entity=entity, state=PeriodState.CLOSED)
    periods = list(closed.order_by("-starts")[:_CLOSES])[::-1]
    people = {name: User.objects.get(email=f"{name}@demo.example") for name in ("priya", "marcus")}
    held = CloseCalendar.objects.get(legal_entity=entity)
    holidays = workdays.days_of(held.holidays)
    for took, period in zip(TOOK[entity.code], periods, strict=False):
        for role, name, back in (("preparer", "priya", 1), ("reviewer", "marcus", 0)):
            day = workdays.after(period.ends, took - back, holidays)
            PeriodSignOff.objects.create(
                legal_entity=entity, period_code=period.code, role=role, by=people[name],
                at=datetime.combine(day, time(14), tzinfo=UTC), evidence=sha256(period.code),
                told={"books": []}, note="Before the console kept what was tested.",
            )  # fmt: skip
        _causes(entity, period, took)


def _causes(entity: LegalEntity, period: AccountingPeriod, took: int) -> None:
    """The causes of a close that are settled; the longer it took, the longer they did."""
    began = datetime.combine(period.ends, time(9), tzinfo=UTC)
    Case.objects.bulk_create(
        Case(
            kind=kind, fingerprint=sha256(f"demo:{entity.code}:{period.code}:{place}"),
            cause_key=cause_key_of(kind, f"demo {entity.code} {period.code}"), cause=words,
            what_happened=f"{words}. It was mended and posted.", state=CaseState.RESOLVED,
            legal_entity=entity, period_code=period.code, currency=entity.functional_currency,
            at_stake=whole * 100 + place, owner_team="Finance", opened_at=began,
            latest_at=began, due_at=began + timedelta(days=1),
            resolved_at=began + timedelta(hours=hours * took // 3),
            resolution="Mended at its source, then posted.",
        )
        for place, (kind, words, hours, whole) in enumerate(_CAUSES)
    )  # fmt: skip
