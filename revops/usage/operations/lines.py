"""
Rating: what is due of accounts becomes lines, thresholds that were crossed, and what is amiss.

Accounts are rated a few hundred in a transaction, with one query a kind. Writing is idempotent:
an account that is rated again without anything new writes nothing and tells nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from revops.kernel import clock, strict_json
from revops.kernel.clock import local_date
from revops.kernel.periods import Span
from revops.store import sql
from revops.usage.operations import telling
from revops.usage.plans import PeriodUse, Priced, Unpriced, crossings, price_period
from revops.usage.queries.accounts import (
    Account,
    Grant,
    billed,
    days_of,
    entitled,
    grants_of,
    lines_of,
)
from revops.usage.queries.facts import Subscriber, subscribers
from revops.usage.queries.policies import Held, Policies
from revops.usage.queries.prepaid import Written, drawn
from revops.usage.rating import as_decimal
from revops.usage.revising import Line, Revised, Treatment, label, revise
from revops.usage.spans import period_of

ACCOUNTS: Final = 400

_CLAIM: Final = """
SELECT id, subscription_id, meter, dirty_from FROM usage_account
WHERE dirty_from IS NOT NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_DONE: Final = """
UPDATE usage_account SET dirty_from = NULL, rated_at = %b, problem = done.problem
FROM unnest(%b::bigint[], %b::text[]) AS done (id, problem) WHERE usage_account.id = done.id
"""
_LINES: Final = sql.Columns(
    "usage_ratedline", key="text", revision="smallint", subscription_id="bigint",
    customer_id="bigint", legal_entity_id="bigint", meter="text", price_ref="text",
    price_since="date", currency="text", period_start="date", period_end="date",
    used_from="date", used_to="date", late_for="text", late_policy="text", reason="text",
    quantity="numeric", free="numeric", charged="numeric", records="bigint", amount="bigint",
    prepaid="bigint", terms="jsonb", steps="jsonb", state="text", rated_at="timestamptz",
    correlation_id="text",
)  # fmt: skip
_AGAIN: Final = "ON CONFLICT (key, revision) DO UPDATE SET " + ", ".join(
    f"{name} = EXCLUDED.{name}" for name in _LINES.names if name not in ("key", "revision")
)
_DROP: Final = """
DELETE FROM usage_ratedline line USING unnest(%b::text[], %b::int[]) AS gone (key, revision)
WHERE line.key = gone.key AND line.revision = gone.revision AND line.state = 'running'
"""


@dataclass(frozen=True, slots=True)
class Stale:
    """
    A period that is rated on a plan which the contract no longer says: the ``promised`` amount
    beside the ``rated`` one, in minor units. With both equal it is in order.
    """

    subscriber: Subscriber
    meter: str
    period: Span
    currency: str
    rated: int
    promised: int
    prices: tuple[str, ...]
    promised_prices: tuple[str, ...]

    @property
    def identity(self) -> str:
        return f"{self.subscriber.id}:{self.meter}:{self.period.start}"


@dataclass(frozen=True, slots=True)
class Amiss:
    """An account that cannot be rated, and why; ``problem`` empty when it can."""

    subscriber: Subscriber
    meter: str
    problem: str
    quantity: Decimal = Decimal(0)

    @property
    def identity(self) -> str:
        return f"{self.subscriber.id}:{self.meter}"


@dataclass(slots=True)
class Turn:
    """What one round of rating did; ``accounts`` 0 when nothing was due."""

    accounts: int = 0
    records: int = 0
    published: list[tuple[Subscriber, str, Line]] = field(default_factory=list)
    crossed: int = 0
    compared: list[Stale] = field(default_factory=list)
    priced: list[Amiss] = field(default_factory=list)


def rate_due(*, most: int = ACCOUNTS, at: datetime | None = None) -> Turn:
    """Rate some of the accounts that have something new. ``at`` is the instant it is rated at."""
    now = at or clock.now()
    turn = Turn()
    with sql.atomic():
        claimed = sql.rows(_CLAIM, (most,))
        if claimed:
            due = {(row.subscription_id, row.meter): row.dirty_from for row in claimed}
            problems = _rate(due, turn, now)
            values = [(row.id, problems[row.subscription_id, row.meter]) for row in claimed]
            sql.run(_DONE, (now, *(list(column) for column in zip(*values, strict=True))))
    return turn


def close(accounts: Iterable[Account], *, day: date, at: datetime | None = None) -> Turn:
    """Rate the period that holds ``day`` for good, now, of each account: on demand."""
    now = at or clock.now()
    turn = Turn()
    with sql.atomic():
        _rate(dict.fromkeys(accounts, day), turn, now, only=day)
    return turn


def _rate(
    due: dict[Account, date], turn: Turn, now: datetime, *, only: date | None = None
) -> dict[Account, str]:
    people = subscribers({subscription_id for subscription_id, _ in due})
    policies = Policies()
    works = {
        account: _Work(people[account[0]], account[1], since, policies, now)
        for account, since in due.items()
    }
    since = {account: work.since for account, work in works.items()}
    days, held = days_of(since), lines_of(since)
    grants = grants_of(sorted(people))
    invoiced = billed([f"{line.key}-{line.revision}" for found in held.values() for line in found])
    rows: list[Sequence[Any]] = []
    written: list[Written] = []
    drop: list[tuple[str, int]] = []
    news = telling.News(now)
    problems: dict[Account, str] = {}
    for account, work in works.items():
        work.rate(days.get(account, {}), held.get(account, ()), grants.get(account, ()),
                  invoiced, only)  # fmt: skip
        problems[account] = work.problem
        turn.accounts += 1
        turn.compared += work.compared
        turn.priced.append(Amiss(work.who, work.meter, work.problem, work.unpriced))
        for revised in work.revised:
            drop += revised.drop
            written += [(work.who, work.meter, line) for line in revised.write]
        for crossing in work.crossed:
            news.crossed(work.who, work.meter, *crossing)
    for who, meter, line in drawn(written):
        rows.append(_row(who, meter, line, now))
        if line.rated:
            news.rated(who, meter, line)
            turn.published.append((who, meter, line))
            turn.records += line.sums.records
    if drop:
        sql.run(_DROP, [list(column) for column in zip(*drop, strict=True)])
    _LINES.insert(rows, _AGAIN)
    turn.crossed = news.publish()
    return problems


class _Work:
    """One account: its periods since a day, priced and compared with what was told."""

    def __init__(
        self, who: Subscriber, meter: str, dirty: date, policies: Policies, now: datetime
    ) -> None:
        self.who = who
        self.meter = meter
        self._policies = policies
        self.months = who.plan.months_on(dirty, meter)
        self.today = local_date(now, who.zone)
        self.since = self.period(dirty).start
        self.problem = ""
        self.unpriced = Decimal(0)
        self.revised: list[Revised] = []
        self.compared: list[Stale] = []
        self.crossed: list[tuple[Span, Decimal, date, Decimal, Decimal]] = []

    def policy(self, day: date) -> Held:
        return self._policies.of(self.who.entity_id, self.meter, day)

    def period(self, day: date) -> Span:
        anchor = self.who.plan.starts if self.policy(day).anniversary else None
        return period_of(day, months=self.months, anchor=anchor)

    def rate(
        self, days: dict[date, Any], held: Sequence[Line], grants: Sequence[Grant],
        invoiced: frozenset[str], only: date | None,
    ) -> None:  # fmt: skip
        running = self.period(self.today)
        starts = {self.period(day).start for day in days}
        starts |= {self.period(line.used.start).start for line in held}
        for start in sorted(starts):
            span = self.period(start)
            if only is not None and only not in span:
                continue
            used = PeriodUse(
                self.meter, span, {day: use for day, use in days.items() if day in span}
            )
            mine = [line for line in held if line.used.start in span]
            try:
                priced = price_period(self.who.plan, used)
            except Unpriced as error:
                self.problem = f"{str(error)[:1].upper()}{str(error)[1:]} ({label(span)})."
                self.unpriced += used.between(span.start, span.end).quantity
                continue
            name = f"{self.who.id}|{self.meter}"
            policy = self.policy(start)
            how = Treatment(policy.late, policy.grace_days, self.today, running, invoiced)
            self.revised.append(revise(name, span, priced, mine, how, close=only is not None))
            self._compare(used, priced)
            self._cross(used, priced, grants)

    def _compare(self, used: PeriodUse, priced: Sequence[Priced]) -> None:
        """What the contract's own plan would cost, where it names a price for the meter."""
        promised = self.who.promised
        if promised is None or not used.days:
            return
        try:
            other = price_period(promised, used)
        except Unpriced:
            return
        self.compared.append(
            Stale(
                self.who, self.meter, used.span, self.who.plan.currency,
                sum(one.rated.amount for one in priced), sum(one.rated.amount for one in other),
                tuple(dict.fromkeys(one.rated.use.price.ref for one in priced)),
                tuple(dict.fromkeys(one.rated.use.price.ref for one in other)),
            )
        )  # fmt: skip

    def _cross(self, used: PeriodUse, priced: Sequence[Priced], grants: Sequence[Grant]) -> None:
        def limit(day: date) -> Decimal | None:
            """What is entitled on the day, else what its price includes."""
            granted, quantity = entitled(grants, day)
            uses = (one.rated.use for one in priced)
            price = next((use.price for use in uses if use.start <= day <= use.end), None)
            return quantity if granted or price is None else price.included

        thresholds = self.policy(used.span.start).thresholds
        self.crossed += [
            (used.span, threshold, day, total, quantity)
            for threshold, day, total, quantity in crossings(
                used, entitled=limit, thresholds=thresholds
            )
        ]


def _row(who: Subscriber, meter: str, line: Line, now: datetime) -> Sequence[Any]:
    sums = line.sums
    return (
        line.key, line.revision, who.id, who.customer_id, who.entity_id, meter, line.price_ref,
        line.price_since, line.currency, line.period.start, line.period.end, line.used.start,
        line.used.end, line.late_for, line.late_policy, line.reason, as_decimal(sums.quantity),
        as_decimal(sums.free), as_decimal(sums.charged), sums.records, sums.amount,
        line.prepaid, strict_json.dumps(line.terms or {}), strict_json.dumps([*line.steps]),
        "rated" if line.rated else "running", now, who.correlation_id,
    )  # fmt: skip
