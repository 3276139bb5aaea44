"""A legal entity with a period that has ended, and what stands in its way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateRange

from accounts.models import Assignment, User
from connectors.models import Connection
from exceptions.models import Case
from revops.close.readiness import Readiness, of
from revops.kernel import clock
from revops.mappings.models import (
    AccountingPeriod,
    ErpRoute,
    LegalEntity,
    MappingVersion,
    PeriodRun,
)
from revops.pipeline.period_end.runs import AUTOMATIC
from tests import factories as make
from tests.cast import person

PERIOD = "2026-10"
# The second working day after the period.
AT = datetime(2026, 11, 3, 15, tzinfo=UTC)
ENDS = date(2026, 10, 31)


def an_ended_period(code: str = "NW-US", **values: Any) -> AccountingPeriod:
    """October 2026 with all of its runs made, and the months around it."""
    entity = make.a_legal_entity(code, **values)
    make.a_period(entity, month=9, state="closed")
    make.a_period(entity, month=11)
    period = make.a_period(entity, month=10)
    ran(period)
    return period


def ran(period: AccountingPeriod, *, failed: str = "") -> None:
    PeriodRun.objects.bulk_create(
        PeriodRun(
            period=period, kind=kind, state="failed" if kind == failed else "done", by="daily",
            correlation_id="c", at=AT, latest_at=AT,
        )
        for kind in AUTOMATIC
    )  # fmt: skip


def a_blocker(entity: LegalEntity, **values: Any) -> Case:
    """A case of the period that nobody has settled: USD 100.00 unless said otherwise."""
    given = {
        "legal_entity": entity, "period_code": PERIOD, "currency": "USD", "at_stake": 10_000,
        "kind": "refused", "opened_at": AT - timedelta(hours=30), "due_at": AT + timedelta(hours=5),
    } | values  # fmt: skip
    return make.a_case(**given)


def a_route(period: AccountingPeriod) -> Connection:
    """The legal entity's books are kept in an ERP from the period's first day on."""
    erp = make.a_connection("erp", "tryton")
    ErpRoute.objects.create(
        connection=erp, legal_entity=period.legal_entity, valid=DateRange(period.starts, None),
        version=MappingVersion.objects.create(note="It is so", made_by="test"),
    )  # fmt: skip
    return erp


def ready(period: AccountingPeriod, at: datetime = AT) -> Readiness:
    return of(entity_id=period.legal_entity_id, period_code=period.code, at=at)


def worker(name: str) -> User:
    """Somebody of the tests who holds their role since before the period."""
    found = person(name)
    Assignment.objects.filter(user=found).update(valid_from=AT - timedelta(days=90))
    return found


def is_now(monkeypatch: Any, at: datetime = AT) -> None:
    monkeypatch.setattr(clock, "now", lambda: at)
