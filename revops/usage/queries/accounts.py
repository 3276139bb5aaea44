"""What rating reads of the accounts (a subscription's meter) that are due: use, lines, grants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from revops.kernel.periods import Span
from revops.store import sql
from revops.usage.plans import DayUse
from revops.usage.revising import Line, Sums

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
SELECT subscription.id AS subscription_id, grant_.meter, grant_.quantity, grant_.granted_on,
    grant_.effective_on, grant_.ends_on, grant_.state
FROM canonical_subscription subscription
JOIN canonical_entitlement grant_ ON grant_.subscription_id = subscription.id
    OR (grant_.subscription_id IS NULL AND grant_.customer_id = subscription.customer_id)
WHERE subscription.id = ANY(%s) AND grant_.meter <> ''
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """A right to use a meter. ``quantity`` None is without limit."""

    quantity: Decimal | None
    starts: date
    ends: date | None
    revoked_on: date | None

    def holds_in(self, span: Span) -> bool:
        """Whether it is in force on the last day that the span and it could share."""
        if self.starts > span.end or (self.ends is not None and self.ends < span.start):
            return False
        return self.revoked_on is None or self.revoked_on > span.start


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
    for row in sql.rows(_GRANTS, (list(subscription_ids),)):
        revoked = row.effective_on if row.state == "revoked" else None
        grant = Grant(row.quantity, row.granted_on, row.ends_on, revoked)
        found[row.subscription_id, row.meter].append(grant)
    return found


def entitled(grants: Sequence[Grant], span: Span) -> tuple[bool, Decimal | None]:
    """(whether anything is granted, how much of it in the period; None is without limit)."""
    held = [grant.quantity for grant in grants if grant.holds_in(span)]
    if not held or None in held:
        return bool(held), None
    return True, sum((quantity for quantity in held if quantity is not None), Decimal(0))


def _columns(accounts: Mapping[Account, date]) -> tuple[list[int], list[str], list[date]]:
    keys = list(accounts)
    return [key[0] for key in keys], [key[1] for key in keys], list(accounts.values())
