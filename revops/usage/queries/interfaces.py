"""
What colleagues ask of usage: what is rated and not invoiced, what is ready to be billed, which
line an invoice bills, and how a customer stands against what they may use.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.models import F

from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.kernel.periods import Span
from revops.store import sql
from revops.usage.models import RatedLine
from revops.usage.plans import PeriodUse, Unpriced, price_period
from revops.usage.queries.accounts import billed, days_of, entitled, grants_of
from revops.usage.queries.facts import subscribers
from revops.usage.queries.policies import Policies
from revops.usage.spans import period_of


@dataclass(frozen=True, slots=True)
class Unbilled:
    """
    Usage of one subscription by one price that no invoice bills yet. ``amount`` in minor units,
    without what credits that were bought before pay for;
    ``used`` are the days on which it was used, none after the day that was asked for.
    """

    subscription_id: int
    customer_id: int
    legal_entity_id: int
    meter: str
    sku: str
    currency: str
    amount: int
    quantity: Decimal
    used: Span
    line_ids: tuple[str, ...]


_OPEN: Final = """
SELECT line.*, line.key || '-' || line.revision AS line_id FROM usage_ratedline line
WHERE line.legal_entity_id = %s AND line.used_from <= %s
  AND NOT EXISTS (
    SELECT FROM canonical_invoiceline billed
    JOIN canonical_invoice invoice ON invoice.id = billed.invoice_id AND invoice.state <> 'void'
    WHERE billed.usage_ref = line.key || '-' || line.revision)
ORDER BY line.subscription_id, line.meter, line.used_from, line.key, line.revision
"""


def unbilled(entity_id: int, period_end: date) -> list[Unbilled]:
    """
    What a legal entity's customers used until ``period_end`` (a day of its zone, included) and
    was not invoiced: the facts of the accrual. Running lines count with what was used so far; a
    line whose use goes on after the day counts with the part until then, by its place on the
    ladder. Late usage counts by the days of its use, whichever invoice will carry it.
    """
    rows = sql.rows(_OPEN, (entity_id, period_end))
    parts = _until({(row.subscription_id, row.meter) for row in rows
                    if row.used_to > period_end}, period_end)  # fmt: skip
    grouped: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for row in rows:
        grouped[
            row.subscription_id, row.customer_id, row.meter, row.price_ref, row.currency,
            row.used_from, row.used_to > period_end,
        ].append(row)  # fmt: skip
    found = []
    for (subscription, customer, meter, sku, currency, start, straddles), held in grouped.items():
        amount = sum(row.amount - row.prepaid for row in held)
        quantity = sum((row.quantity for row in held), Decimal(0))
        if straddles:
            whole = parts.get((subscription, meter, sku, start))
            if whole is None:
                continue
            told = _told(held[0].key) - _Sum(amount, quantity)
            amount, quantity = whole.amount - told.amount, whole.quantity - told.quantity
        if amount or quantity:
            end = min(period_end, max(row.used_to for row in held))
            ids = tuple(row.line_id for row in held)
            found.append(
                Unbilled(subscription, customer, entity_id, meter, sku, currency, amount,
                         quantity, Span(start, end), ids)
            )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class _Sum:
    amount: int
    quantity: Decimal

    def __sub__(self, other: _Sum) -> _Sum:
        return _Sum(self.amount - other.amount, self.quantity - other.quantity)


def _told(key: str) -> _Sum:
    """All revisions of a key together, billed or not."""
    row = sql.one(
        "SELECT sum(amount - prepaid)::bigint AS amount, sum(quantity) AS quantity "
        "FROM usage_ratedline WHERE key = %s",
        (key,),
    )
    assert row is not None
    return _Sum(row.amount, row.quantity)


def _until(
    accounts: Iterable[tuple[int, str]], day: date
) -> dict[tuple[int, str, str, date], _Sum]:
    """What the periods around a day cost until then, by (subscription, meter, price, start)."""
    wanted = sorted(accounts)
    people = subscribers({subscription for subscription, _ in wanted})
    policies = Policies()
    spans = {}
    for subscription, meter in wanted:
        who = people[subscription]
        policy = policies.of(who.entity_id, meter, day)
        anchor = who.plan.starts if policy.anniversary else None
        months = who.plan.months_on(day, meter)
        spans[subscription, meter] = period_of(day, months=months, anchor=anchor)
    days = days_of({account: span.start for account, span in spans.items()})
    found: dict[tuple[int, str, str, date], _Sum] = {}
    for (subscription, meter), span in spans.items():
        held = days.get((subscription, meter), {})
        used = PeriodUse(
            meter, span, {on: use for on, use in held.items() if span.start <= on <= day}
        )
        try:
            priced = price_period(people[subscription].plan, used)
        except Unpriced:
            continue
        for one in priced:
            use = one.rated.use
            found[subscription, meter, use.price.ref, use.start] = _Sum(
                one.rated.amount, use.quantity
            )
    return found


def billable_lines(*, entity_id: int | None = None, most: int = 500) -> list[RatedLine]:
    """
    Final lines that no invoice bills yet, oldest first, without those that credits pay for: what a
    flow sends to billing, which names ``line.line_id`` as the invoice line's ``usage_ref``.
    """
    found = RatedLine.objects.filter(state="rated").exclude(amount=F("prepaid")).order_by("pk")
    if entity_id is not None:
        found = found.filter(legal_entity_id=entity_id)
    ready: list[RatedLine] = []
    after = 0
    while len(ready) < most:
        page = list(found.filter(pk__gt=after).select_related("customer", "subscription")[:most])
        if not page:
            break
        after = page[-1].pk
        out = billed([line.line_id for line in page])
        ready += [line for line in page if line.line_id not in out]
    return ready[:most]


def line_of_ref(usage_ref: str) -> RatedLine | None:
    """The line that an invoice line's ``usage_ref`` names, or None."""
    key, _, revision = usage_ref.rpartition("-")
    if not (key and revision.isascii() and revision.isdigit() and len(revision) < 5):
        return None
    return (
        RatedLine.objects.filter(key=key, revision=int(revision))
        .select_related("customer", "subscription", "legal_entity")
        .first()
    )


@dataclass(frozen=True, slots=True)
class Standing:
    """
    A customer's use of a meter in its running period. ``entitled`` None is without limit, or
    (``granted`` false) nothing that is granted. ``amount`` is what it costs so far.
    """

    subscription_id: int
    subscription: str
    meter: str
    period: Span
    used: Decimal
    granted: bool
    entitled: Decimal | None
    currency: str
    amount: int

    @property
    def over(self) -> Decimal:
        """How much more than entitled was used; 0 when it was not, or there is no limit."""
        if not self.granted or self.entitled is None:
            return Decimal(0)
        return max(Decimal(0), self.used - self.entitled)


_OF_PARTY: Final = """
SELECT account.subscription_id, account.meter FROM usage_account account
JOIN canonical_subscription subscription ON subscription.id = account.subscription_id
JOIN canonical_customer customer ON customer.id = subscription.customer_id
WHERE customer.party_id = %s ORDER BY 1, 2
"""
_SO_FAR: Final = """
SELECT subscription_id, meter, sum(amount)::bigint AS amount FROM usage_ratedline
WHERE subscription_id = ANY(%s) AND used_from >= %s GROUP BY 1, 2
"""


def customer_usage(party_id: int) -> list[Standing]:
    """How a customer (as one) stands in the running period of each meter that it ever used."""
    accounts = [(row.subscription_id, row.meter) for row in sql.rows(_OF_PARTY, (party_id,))]
    if not accounts:
        return []
    people = subscribers({subscription for subscription, _ in accounts})
    policies, now = Policies(), clock.now()
    grants = grants_of(sorted(people))
    found = []
    for subscription, meter in accounts:
        who = people[subscription]
        today = local_date(now, who.zone)
        policy = policies.of(who.entity_id, meter, today)
        anchor = who.plan.starts if policy.anniversary else None
        span = period_of(today, months=who.plan.months_on(today, meter), anchor=anchor)
        used = days_of({(subscription, meter): span.start}).get((subscription, meter), {})
        granted, quantity = entitled(grants.get((subscription, meter), ()), today)
        rows = sql.rows(_SO_FAR, ([subscription], span.start))
        found.append(
            Standing(
                subscription, who.ref, meter, span,
                sum((use.quantity for use in used.values()), Decimal(0)), granted, quantity,
                who.plan.currency, sum(row.amount for row in rows if row.meter == meter),
            )
        )  # fmt: skip
    return found


def billed_refs(line_ids: Sequence[str]) -> frozenset[str]:
    """Those of the lines that a standing invoice bills."""
    return billed(line_ids)
