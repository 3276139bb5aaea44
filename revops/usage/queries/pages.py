"""What the usage pages show: one query a kind, whatever the number of rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from revops.kernel import clock
from revops.kernel.money import Money
from revops.kernel.periods import Span
from revops.mappings.queries import today
from revops.store import sql
from revops.usage.models import Account, DayTotal, RatedLine, Record
from revops.usage.queries.accounts import billed, entitled, grants_of
from revops.usage.queries.unmatched import Group, groups_of

_MOST_GROUPS: Final = 8


def accounts(*, words: str, entity: str, show: str) -> QuerySet[Account]:
    """Accounts by their customer's name. ``show``: all of them, ``late`` or ``unpriced``."""
    found = Account.objects.select_related("subscription__customer", "subscription__legal_entity")
    if words:
        found = found.filter(
            Q(subscription__customer__name__icontains=words)
            | Q(subscription__source_id=words)
            | Q(subscription__customer__source_id=words)
            | Q(meter=words)
        )
    if entity:
        found = found.filter(subscription__legal_entity__code=entity)
    if show == "unpriced":
        found = found.exclude(problem="")
    if show == "late":
        late = RatedLine.objects.exclude(late_for="").values("subscription_id")
        found = found.filter(subscription_id__in=late)
    return found


@dataclass(slots=True)
class Row:
    """An account in a period. ``late`` is what came after a period was rated, within ``amount``."""

    account: Account
    used: Decimal = Decimal(0)
    entitled: Decimal | None = None
    granted: bool = False
    amounts: dict[str, int] = field(default_factory=dict)
    late: dict[str, int] = field(default_factory=dict)
    last_at: datetime | None = None

    @property
    def money(self) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(self.amounts.items())]

    @property
    def late_money(self) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(self.late.items())]

    @property
    def over(self) -> bool:
        return self.granted and self.entitled is not None and self.used > self.entitled


_SUMS: Final = """
SELECT subscription_id, meter, currency, sum(amount)::bigint AS amount,
    (sum(amount) FILTER (WHERE late_for <> ''))::bigint AS late, max(terms->>'included') AS included
FROM usage_ratedline
WHERE subscription_id = ANY(%s) AND period_start <= %s AND period_end >= %s
GROUP BY 1, 2, 3
"""
_USED: Final = """
SELECT day.subscription_id, stream.meter,
    sum(day.quantity) FILTER (WHERE day.day BETWEEN %s AND %s) AS quantity,
    max(day.last_used_at) AS last_at
FROM usage_daytotal day JOIN usage_stream stream ON stream.id = day.stream_id
WHERE day.subscription_id = ANY(%s) AND day.day > %s
GROUP BY 1, 2
"""
_TOTALS: Final = """
SELECT currency, sum(amount)::bigint AS amount,
    coalesce(sum(amount) FILTER (WHERE late_for <> ''), 0)::bigint AS late
FROM usage_ratedline WHERE period_start <= %s AND period_end >= %s GROUP BY 1 ORDER BY 1
"""
_UNMATCHED: Final = """
SELECT min(stream.id) AS stream_id, sum(day.records) AS records
FROM usage_daytotal day JOIN usage_stream stream ON stream.id = day.stream_id
WHERE day.subscription_id IS NULL
GROUP BY stream.connection_id, stream.customer_ref, stream.subscription_ref, stream.meter
ORDER BY 2 DESC LIMIT %s
"""
_COUNT_UNMATCHED: Final = """
SELECT coalesce(sum(records), 0)::bigint AS records, count(DISTINCT stream_id) AS streams
FROM usage_daytotal WHERE subscription_id IS NULL
"""


def rows(found: Sequence[Account], span: Span) -> list[Row]:
    """What each account used in the days of a span, and its lines of periods that touch it."""
    ids = sorted({account.subscription_id for account in found})
    made = {(one.subscription_id, one.meter): Row(one) for one in found}
    included: dict[tuple[int, str], Decimal] = {}
    for row in sql.rows(_SUMS, (ids, span.end, span.start)):
        key = (row.subscription_id, row.meter)
        if key in made:
            made[key].amounts[row.currency] = row.amount
            if row.late is not None:
                made[key].late[row.currency] = row.late
            included[key] = Decimal(row.included or 0)
    for row in sql.rows(_USED, (span.start, span.end, ids, span.start - timedelta(days=400))):
        key = (row.subscription_id, row.meter)
        if key in made:
            made[key].used, made[key].last_at = row.quantity or Decimal(0), row.last_at
    grants = grants_of(ids)
    day = max(span.start, min(span.end, today(clock.now()).first))
    for key, one in made.items():
        one.granted, one.entitled = entitled(grants.get(key, ()), day)
        if not one.granted and included.get(key):
            one.granted, one.entitled = True, included[key]
    return list(made.values())


@dataclass(frozen=True, slots=True)
class Figures:
    """Sums over everybody for a span, and what nobody pays for yet."""

    billable: tuple[Money, ...]
    late: tuple[Money, ...]
    unmatched_records: int
    unmatched: tuple[Group, ...]
    unpriced: int


def figures(span: Span) -> Figures:
    totals = sql.rows(_TOTALS, (span.end, span.start))
    counted = sql.one(_COUNT_UNMATCHED)
    assert counted is not None
    worst = [row.stream_id for row in sql.rows(_UNMATCHED, (_MOST_GROUPS,))]
    return Figures(
        tuple(Money(row.amount, row.currency) for row in totals),
        tuple(Money(row.late, row.currency) for row in totals if row.late),
        counted.records,
        tuple(sorted(groups_of(worst), key=lambda group: -group.records)),
        Account.objects.exclude(problem="").count(),
    )


def account(pk: int) -> Account | None:
    return (
        Account.objects.filter(pk=pk)
        .select_related("subscription__customer", "subscription__legal_entity")
        .first()
    )


def lines_of(one: Account) -> QuerySet[RatedLine]:
    """Newest first."""
    return RatedLine.objects.filter(subscription_id=one.subscription_id, meter=one.meter)


def days_of(one: Account, span: Span) -> list[tuple[date, Decimal]]:
    """Every day of the span with what was used on it."""
    held: dict[date, Decimal] = defaultdict(Decimal)
    found = DayTotal.objects.filter(
        subscription_id=one.subscription_id, stream__meter=one.meter,
        day__range=(span.start, span.end),
    )  # fmt: skip
    for day, quantity in found.values_list("day", "quantity"):
        held[day] += quantity
    return [
        (day, held.get(day, Decimal(0)))
        for day in (span.start + timedelta(days=number) for number in range(span.days))
    ]


@dataclass(frozen=True, slots=True)
class Revision:
    line: RatedLine
    billed: bool


def line(pk: int) -> RatedLine | None:
    return (
        RatedLine.objects.filter(pk=pk)
        .select_related("subscription__customer", "legal_entity", "customer")
        .first()
    )


def revisions(one: RatedLine) -> list[Revision]:
    """All lines of the same key, the first one first."""
    found = list(RatedLine.objects.filter(key=one.key).order_by("revision"))
    out = billed([row.line_id for row in found])
    return [Revision(row, row.line_id in out) for row in found]


def account_of(one: RatedLine) -> Account | None:
    found: Any = Account.objects.filter(subscription_id=one.subscription_id, meter=one.meter)
    first: Account | None = found.first()
    return first


def records_of(one: RatedLine) -> QuerySet[Record]:
    """
    The raw records of the days that a line stands on, whichever revision counted them: in the
    zone of the legal entity.
    """
    zone = ZoneInfo(one.legal_entity.zone if one.legal_entity else "UTC")
    start = datetime.combine(one.used_from, time(), zone).astimezone(UTC)
    end = datetime.combine(one.used_to + timedelta(days=1), time(), zone).astimezone(UTC)
    streams = (
        DayTotal.objects.filter(
            subscription_id=one.subscription_id, stream__meter=one.meter,
            day__range=(one.used_from, one.used_to),
        )
        .order_by()
        .values_list("stream_id", flat=True)
        .distinct()
    )  # fmt: skip
    return Record.objects.filter(stream_id__in=list(streams), used_at__gte=start, used_at__lt=end)
