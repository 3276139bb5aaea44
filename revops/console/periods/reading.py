"""An entity's calendar, and one period: its state, its runs, its entries, who opened and closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from revops.events.models import BusinessEvent
from revops.kernel import clock, strict_json
from revops.kernel.clock import local_date
from revops.kernel.money import Money
from revops.lineage.queries.hops import DOCUMENTS
from revops.mappings.models import AccountingPeriod, LegalEntity, PeriodRun, PeriodState
from revops.pipeline.period_end.runs import KINDS
from revops.store import sql
from revops.web.formats import money_text

# What a run posts, by its kind: where to find it among the journals.
DOCUMENT: Final[Mapping[str, str]] = {
    "usage": "usage_accrual",
    "prepaid": "drawdown",
    "credits": "credit_accrual",
    "recognition": "recognition",
    "noncurrent": "reclass",
    "netdown": "presentation",
    "remeasurement": "remeasurement",
}
# Figures of runs that count something; the others are amounts.
_COUNTS: Final[Mapping[str, str]] = {
    "pending": "credits undecided",
    "invoices": "invoices",
    "schedules": "schedules",
    "lines": "lines of usage",
    "changed": "accrued anew",
    "drawn": "drawn down",
    "balances": "foreign balances",
}
_AMOUNTS: Final[Mapping[str, str]] = {"netted": "netted", "noncurrent": "beyond a year"}


@dataclass(frozen=True, slots=True)
class Row:
    """A period in its entity's calendar. ``runs`` and ``failed`` count the kinds of its end."""

    period: AccountingPeriod
    today: date
    entries: int
    runs: int
    failed: int

    @property
    def status(self) -> str:
        if self.period.state == PeriodState.CLOSED:
            return "done"
        if self.period.state == PeriodState.SOFT_CLOSED:
            return "waiting"
        if self.failed:
            return "failed"
        if self.period.starts > self.today:
            return "not_due"
        return "late" if self.period.ends < self.today else "open"

    @property
    def word(self) -> str:
        return {
            "done": "Closed", "waiting": "Soft-closed", "failed": "Open, run failed",
            "not_due": "Not begun", "late": "Open, has ended", "open": "Open",
        }[self.status]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """Entries of one document type: how many, and their sums by currency."""

    document: str
    count: int
    sums: Sequence[Money]

    @property
    def label(self) -> str:
        return DOCUMENTS.get(self.document, self.document.replace("_", " ").capitalize())


@dataclass(frozen=True, slots=True)
class Ran:
    """The latest run of a kind; None when it has not been made. ``said`` are its figures."""

    label: str
    automatic: bool
    run: PeriodRun | None
    said: str
    made: Made | None

    @property
    def status(self) -> str:
        if self.run is None:
            return "not_due"
        return "failed" if self.run.state == "failed" else "done"

    @property
    def word(self) -> str:
        if self.run is not None:
            return ""
        return "Not run yet" if self.automatic else "On request"


@dataclass(frozen=True, slots=True)
class Turned:
    """It was closed, or opened again: when, and by whom."""

    closed: bool
    at: datetime
    by: str


_ENTRIES: Final = """
SELECT period_id, count(*) AS entries FROM ledger_journalentry
WHERE period_id = ANY(%s) GROUP BY period_id
"""
_LATEST: Final = """
SELECT period_id, count(*) AS runs, count(*) FILTER (WHERE state = 'failed') AS failed FROM (
    SELECT DISTINCT ON (period_id, kind) period_id, state FROM mappings_periodrun
    WHERE period_id = ANY(%s) ORDER BY period_id, kind, id DESC
) AS latest GROUP BY period_id
"""
_MADE: Final = """
SELECT document_type, currency, count(*) AS entries, sum(amount)::bigint AS amount
FROM ledger_journalentry WHERE period_id = %s
GROUP BY document_type, currency ORDER BY document_type, currency
"""


def years() -> list[int]:
    """The years that calendars have periods of."""
    return [day.year for day in AccountingPeriod.objects.dates("starts", "year")]


def calendar_of(entities: Sequence[LegalEntity], year: int) -> list[tuple[LegalEntity, list[Row]]]:
    """Each entity's periods of a year, and those of earlier years that are still open."""
    held = [
        period
        for period in AccountingPeriod.objects.filter(
            legal_entity__in=entities, starts__year__lte=year
        )
        .select_related("legal_entity")
        .order_by("starts")
        if period.starts.year == year or period.state != PeriodState.CLOSED
    ]
    ids = [period.pk for period in held]
    entries = {row.period_id: row.entries for row in sql.rows(_ENTRIES, (ids,))}
    latest = {row.period_id: row for row in sql.rows(_LATEST, (ids,))}
    rows = {
        period.pk: Row(
            period,
            local_date(clock.now(), period.legal_entity.zone),
            entries.get(period.pk, 0),
            latest[period.pk].runs if period.pk in latest else 0,
            latest[period.pk].failed if period.pk in latest else 0,
        )
        for period in held
    }
    return [
        (entity, [rows[period.pk] for period in held if period.legal_entity_id == entity.pk])
        for entity in entities
    ]


def made_in(period: AccountingPeriod) -> list[Made]:
    """What is in the books of the period, by document type."""
    found: dict[str, list[Any]] = {}
    for row in sql.rows(_MADE, (period.pk,)):
        found.setdefault(row.document_type, []).append(row)
    return [
        Made(name, sum(row.entries for row in rows), [Money(r.amount, r.currency) for r in rows])
        for name, rows in found.items()
    ]


def runs_of(period: AccountingPeriod, made: Sequence[Made]) -> list[Ran]:
    """Every kind of run of the period's end, in the order in which they are made."""
    latest: dict[str, PeriodRun] = {}
    for run in PeriodRun.objects.filter(period=period).order_by("pk"):
        latest[run.kind] = run
    by_document = {one.document: one for one in made}
    currency = period.legal_entity.functional_currency
    return [
        Ran(
            kind.label,
            kind.automatic,
            latest.get(slug),
            figures(latest[slug].figures, currency) if slug in latest else "",
            by_document.get(DOCUMENT[slug]),
        )
        for slug, kind in KINDS.items()
    ]


def figures(told: Mapping[str, Any], currency: str) -> str:
    """What a run looked at, in words: “3 schedules, USD 120.00 beyond a year”."""
    said = []
    for name, value in told.items():
        if not value:
            continue
        if name in _COUNTS:
            said.append(f"{value:,} {_COUNTS[name]}")
        elif isinstance(value, int):
            said.append(f"{money_text(Money(value, currency))} {_AMOUNTS.get(name, f'on {name}')}")
    return ", ".join(said) or "nothing to do"


def turns_of(period: AccountingPeriod) -> list[Turned]:
    """When it was closed and opened, the newest first."""
    told = BusinessEvent.objects.filter(
        subject="period",
        subject_id=period.code,
        legal_entity=period.legal_entity.code,
        contract__in=("period.closed/1", "period.opened/1"),
    )
    return [
        Turned(event.contract.startswith("period.closed"), event.occurred_at, _by(event))
        for event in told.order_by("-pk")
    ]


def _by(event: BusinessEvent) -> str:
    data: Any = strict_json.loads(event.data)
    return str(data.get("by", ""))


def why_not(period: AccountingPeriod) -> str:
    """Why it can be neither closed (when open) nor opened (when closed) now; “” when it can."""
    others = AccountingPeriod.objects.filter(legal_entity=period.legal_entity)
    if period.state == PeriodState.CLOSED:
        later = others.filter(starts__gt=period.starts, state=PeriodState.CLOSED)
        latest = later.order_by("-starts").first()
        if latest is None:
            return ""
        return f"{latest.code} is closed: periods are opened from the latest one back."
    if period.ends >= local_date(clock.now(), period.legal_entity.zone):
        return f"It runs until {period.ends}, so it cannot be closed yet."
    standing = (
        others.filter(starts__lt=period.starts)
        .exclude(state=PeriodState.CLOSED)
        .order_by("starts")
        .first()
    )
    return f"{standing.code} is still open: periods are closed in order." if standing else ""
