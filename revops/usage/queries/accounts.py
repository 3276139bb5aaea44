"""What rating reads of the accounts (a subscription's meter) that are due: use, lines, grants."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from revops.kernel.periods import Span
from revops.store import sql
from revops.usage.plans import DayUse
from revops.usage.revising import Line, Sums
from revops.usage.spans import Since, Timeline

Account = tuple[int, str]

_DAYS: Final = """
SELECT held.subscription_id, stream.meter, held.day, sum(held.quantity) AS quantity,
    sum(held.records)::bigint AS records
FROM unnest(%s::bigint[], %s::text[], %s::date[]) AS wanted (subscription_id, meter, since)
JOIN usage_daytotal held ON held.subscription_id = wanted.subscription_id
    AND held.day >= wanted.since
JOIN usage_stream stream ON stream.id = held.stream_id AND stream.meter = wanted.meter
GROUP BY 1, 2, 3
"""
_LINES: Final = """
SELECT line.* FROM unnest(%s::bigint[], %s::text[], %s::date[])
    AS wanted (subscription_id, meter, since)
JOIN usage_ratedline line ON line.subscription_id = wanted.subscription_id
    AND line.meter = wanted.meter AND line.used_from >= wanted.since
"""
_BILLED: Final = """
SELECT DISTINCT line.usage_ref FROM canonical_invoiceline line
JOIN canonical_invoice invoice ON invoice.id = line.invoice_id
WHERE line.usage_ref = ANY(%s) AND invoice.state <> 'void'
"""
_GRANTS: Final = """
SELECT subscription.id AS subscription_id, grant_.connection_id, grant_.source_id, grant_.meter,
    grant_.quantity, grant_.granted_on, grant_.effective_on, grant_.ends_on, grant_.state
FROM canonical_subscription subscription
JOIN canonical_entitlement grant_ ON grant_.subscription_id = subscription.id
    OR (grant_.subscription_id IS NULL AND grant_.customer_id = subscription.customer_id)
WHERE subscription.id = ANY(%s) AND grant_.meter <> ''
"""
# What was told of an entitlement, in the order in which it was told.
_GRANTED: Final = """
SELECT inbound.connection_id, event.subject_id, event.contract, event.data
FROM events_businessevent event JOIN events_inboundevent inbound ON inbound.id = event.inbound_id
WHERE event.subject = 'entitlement' AND event.subject_id = ANY(%s)
ORDER BY event.occurred_at, event.id
"""


@dataclass(frozen=True, slots=True)
class Terms:
    """How much a right allows in a period (None is without limit), until when; or no more."""

    quantity: Decimal | None
    ends: date | None = None
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """A right to use a meter, and what it said since which day."""

    terms: Timeline[Terms]

    def on(self, day: date) -> Terms | None:
        """As it was on the day; None when there was no such right."""
        found = self.terms.on(day)
        if found is None or found.revoked or (found.ends is not None and found.ends < day):
            return None
        return found


def days_of(accounts: Mapping[Account, date]) -> dict[Account, dict[date, DayUse]]:
    """Use by day, since each account's day."""
    found: dict[Account, dict[date, DayUse]] = defaultdict(dict)
    for row in sql.rows(_DAYS, _columns(accounts)):
        use = DayUse(row.quantity, row.records)
        found[row.subscription_id, row.meter][row.day] = use
    return found


def lines_of(accounts: Mapping[Account, date]) -> dict[Account, list[Line]]:
    """Every revision whose use began on or after each account's day."""
    found: dict[Account, list[Line]] = defaultdict(list)
    for row in sql.rows(_LINES, _columns(accounts)):
        found[row.subscription_id, row.meter].append(line_of(row))
    return found


def line_of(row: Any) -> Line:
    return Line(
        key=row.key, revision=row.revision, rated=row.state == "rated", price_ref=row.price_ref,
        price_since=row.price_since, currency=row.currency,
        period=Span(row.period_start, row.period_end), used=Span(row.used_from, row.used_to),
        sums=Sums(
            Fraction(row.quantity), Fraction(row.free), Fraction(row.charged), row.records,
            row.amount,
        ),
        late_for=row.late_for, late_policy=row.late_policy, reason=row.reason, terms=row.terms,
    )  # fmt: skip


def billed(line_ids: Sequence[str]) -> frozenset[str]:
    """Those of the lines that an invoice bills which still stands."""
    return frozenset(row.usage_ref for row in sql.rows(_BILLED, (list(line_ids),)))


def grants_of(subscription_ids: Sequence[int]) -> dict[Account, list[Grant]]:
    found: dict[Account, list[Grant]] = defaultdict(list)
    rows = sql.rows(_GRANTS, (list(subscription_ids),))
    told = _granted({row.source_id for row in rows})
    for row in rows:
        now = Terms(row.quantity, row.ends_on, row.state == "revoked")
        first = row.granted_on or row.effective_on
        entries = [*told.get((row.connection_id, row.source_id), ())]
        if not entries or min(entry.day for entry in entries) > first:
            # Before what was told, it was as it was told first; what is over was once there.
            oldest = entries[0].value if entries else replace(now, revoked=False)
            entries.insert(0, Since(first, oldest))
        entries.append(Since(row.effective_on, now))
        found[row.subscription_id, row.meter].append(Grant(Timeline(entries)))
    return found


def _granted(source_ids: set[str]) -> dict[tuple[int, str], list[Since[Terms]]]:
    found: dict[tuple[int, str], list[Since[Terms]]] = defaultdict(list)
    for row in sql.rows(_GRANTED, (sorted(source_ids),)) if source_ids else ():
        data = json.loads(row.data)
        quantity, ends = data.get("quantity"), data.get("ends_on")
        terms = Terms(
            None if quantity is None else Decimal(str(quantity)),
            date.fromisoformat(ends) if ends else None,
            row.contract.startswith("entitlement.revoked"),
        )
        day = date.fromisoformat(data["effective_on"])
        found[row.connection_id, row.subject_id].append(Since(day, terms))
    return found


def entitled(grants: Sequence[Grant], day: date) -> tuple[bool, Decimal | None]:
    """(whether anything is granted on the day, how much of it a period; None is without limit)."""
    held = [terms.quantity for grant in grants if (terms := grant.on(day)) is not None]
    if not held or None in held:
        return bool(held), None
    return True, sum((quantity for quantity in held if quantity is not None), Decimal(0))


def _columns(accounts: Mapping[Account, date]) -> tuple[list[int], list[str], list[date]]:
    keys = list(accounts)
    return [key[0] for key in keys], [key[1] for key in keys], list(accounts.values())
