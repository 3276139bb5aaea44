"""The close: a period, a legal entity before and after its end, trends, how it is closed."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Final

from exceptions.models import Case
from revops.close.models import PeriodSignOff, ReadinessSample, TaskTemplate
from revops.close.operations.tasks import roll
from revops.close.queries.periods import closings
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod
from tests.browser.addresses import at
from tests.browser.looks import Look
from tests.browser.stage import Stage
from tests.cast import person


def _ended() -> AccountingPeriod:
    """The newest period with cases that has ended, with tasks and a week of samples."""
    now = clock.now()
    ended = AccountingPeriod.objects.filter(ends__lt=now.date(), state="open")
    with_cases = ended.filter(code__in=Case.objects.values("period_code"))
    period = (
        (with_cases if with_cases.exists() else ended)
        .select_related("legal_entity")
        .latest("starts")
    )
    if not TaskTemplate.objects.exists():
        for place, title in enumerate(("Bank statements loaded", "Manual journals explained")):
            TaskTemplate.objects.create(
                slug=f"task-{place}", title=title, area="payments", due_day=place + 1, made_at=now
            )
    for one in closings(period.code, entity=period.legal_entity.code):
        roll(one)
    noon = datetime.combine(now.date(), time(12), tzinfo=UTC)
    for back in range(6):
        ReadinessSample.objects.get_or_create(
            legal_entity=period.legal_entity, period_code=period.code, area="tax",
            at=noon - timedelta(days=back),
            defaults={"state": "blocked", "open": 3,
                      "money": {period.legal_entity.functional_currency: 100_000 * (back + 1)}},
        )  # fmt: skip
    return period


def period(stage: Stage) -> str:
    return f"/close/?period={_ended().code}"


def entity(stage: Stage) -> str:
    found = _ended()
    return f"/close/{found.code}/{found.legal_entity.code}/"


def closed(stage: Stage) -> str:
    """Two closes that were signed, the newest of them."""
    rows = AccountingPeriod.objects.filter(state="closed").select_related("legal_entity")
    newest = rows.latest("starts")
    for one in rows.filter(legal_entity=newest.legal_entity).order_by("-starts")[:3]:
        over = datetime.combine(one.ends, time(15), tzinfo=UTC)
        for days, role, name in ((3, "preparer", "ana"), (4, "reviewer", "mona")):
            PeriodSignOff.objects.get_or_create(
                legal_entity=one.legal_entity, period_code=one.code, role=role,
                defaults={"by": person(name), "at": over + timedelta(days=days),
                          "evidence": "0" * 64},
            )  # fmt: skip
    return f"/close/{newest.code}/{newest.legal_entity.code}/"


def trends(stage: Stage) -> str:
    closed(stage)
    return "/close/trends/"


PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "close:period": (
        Look("close", period, by="Marcus"),
        Look("close-now", at("/close/"), by="Yuki"),
    ),
    "close:entity": (
        Look("close-entity", entity),
        Look("close-entity-closed", closed, by="Marcus"),
    ),
    "close:trends": (Look("close-trends", trends, by="Marcus"),),
    "close:settings": (
        Look("close-settings", at("/close/settings/"), by="Marcus"),
        Look("close-settings-auditor", at("/close/settings/"), by="Yuki"),
    ),
}
