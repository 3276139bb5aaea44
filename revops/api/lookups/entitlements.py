"""What a customer may use of a feature, and how much of it is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from revops.api.lookups.reach import WITHIN, Reach
from revops.kernel.periods import Span
from revops.store import sql
from revops.usage.queries.policies import Policies
from revops.usage.spans import period_of

_SUBSCRIPTION: Final = f"""
SELECT DISTINCT subscription.id FROM canonical_externalreference reference
JOIN connectors_connection connection ON connection.id = reference.connection_id
JOIN canonical_subscription subscription ON subscription.id = reference.record_id
JOIN canonical_customer customer ON customer.id = subscription.customer_id
LEFT JOIN mappings_legalentity entity
    ON entity.id = coalesce(subscription.legal_entity_id, customer.legal_entity_id)
WHERE reference.external_id = %(id)s AND reference.record_kind = 'subscription'
  AND (%(system)s = '' OR connection.slug = %(system)s) AND {WITHIN}
ORDER BY 1 LIMIT 20
"""  # noqa: S608  WITHIN is ours
# The accounts first: from them everything is reached by index, however many customers there are.
_ACCOUNTS: Final = """
WITH account AS MATERIALIZED (
    SELECT customer.* FROM canonical_customer customer WHERE customer.party_id = %(party)s
    UNION ALL
    SELECT customer.* FROM canonical_subscription subscription
    JOIN canonical_customer customer ON customer.id = subscription.customer_id
    WHERE subscription.id = %(subscription)s
)
"""
_GRANTS: Final = f"""
{_ACCOUNTS}
SELECT grant_.source_id, grant_.feature, grant_.meter, grant_.quantity, grant_.unit,
    grant_.granted_on, grant_.effective_on, grant_.ends_on, grant_.state,
    grant_.connection_id, customer.id AS customer_id, customer.connection_id AS account_of,
    subscription.id AS subscription_id, subscription.state AS subscription_state,
    subscription.ends_on AS subscription_ends, subscription.started_on,
    subscription.resumes_on, coalesce(entity.zone, 'UTC') AS zone, entity.id AS entity_id
FROM account customer
JOIN canonical_entitlement grant_ ON grant_.customer_id = customer.id
LEFT JOIN canonical_subscription subscription ON subscription.id = grant_.subscription_id
LEFT JOIN mappings_legalentity entity
    ON entity.id = coalesce(grant_.legal_entity_id, customer.legal_entity_id)
WHERE {WITHIN} AND (%(subscription)s::bigint IS NULL OR grant_.subscription_id IS NULL
    OR grant_.subscription_id = %(subscription)s)
ORDER BY grant_.effective_on, grant_.id LIMIT 500
"""  # noqa: S608  WITHIN is ours
_USED: Final = f"""
{_ACCOUNTS}
SELECT sum(held.quantity) AS quantity
FROM account customer
JOIN canonical_subscription subscription ON subscription.customer_id = customer.id
LEFT JOIN mappings_legalentity entity
    ON entity.id = coalesce(subscription.legal_entity_id, customer.legal_entity_id)
JOIN usage_daytotal held ON held.subscription_id = subscription.id
JOIN usage_stream stream ON stream.id = held.stream_id
WHERE {WITHIN} AND stream.meter = %(meter)s AND held.day BETWEEN %(start)s AND %(end)s
  AND (%(subscription)s::bigint IS NULL OR subscription.id = %(subscription)s)
"""  # noqa: S608  WITHIN is ours


@dataclass(frozen=True, slots=True)
class Right:
    """
    ``quantity`` None is without limit; ``used`` None is not measured. ``valid_until`` is the last
    day, None without an end. ``why`` says why there is no right.
    """

    feature: str
    entitled: bool
    why: str
    quantity: Decimal | None
    unlimited: bool
    unit: str
    used: Decimal | None
    period: Span | None
    valid_until: date | None
    connections: frozenset[int]

    @property
    def remaining(self) -> Decimal | None:
        """Never below nothing; ``used`` may be above ``quantity``."""
        if self.quantity is None or self.used is None:
            return None
        return max(Decimal(0), self.quantity - self.used)


def subscriptions(text: str, reach: Reach, *, system: str = "") -> list[int]:
    values = {"id": text.strip(), "system": system}
    return [row.id for row in sql.rows(_SUBSCRIPTION, values | reach.values)]


def right(
    feature: str, day: date, reach: Reach, *, party: int | None, subscription: int | None
) -> Right | None:
    """
    By feature, meter or the entitlement's own id, in any spelling of its case. Three statements.
    None when nobody ever granted it to the customer.
    """
    who: dict[str, Any] = {"party": party, "subscription": subscription} | reach.values
    wanted = feature.strip().casefold()
    rows = [
        row
        for row in sql.rows(_GRANTS, who)
        if wanted in (row.feature.casefold(), row.meter.casefold(), row.source_id.casefold())
    ]
    if not rows:
        return None
    held = [row for row in rows if not _why_not(row, day)]
    told = held or rows[-1:]
    meter = next((row.meter for row in told if row.meter), "")
    period = _period(told, meter, day) if meter else None
    used = None
    if period is not None:
        asked = who | {"meter": meter, "start": period.start, "end": period.end}
        found = sql.one(_USED, asked)
        used = (found.quantity if found is not None else None) or Decimal(0)
    unlimited = any(row.quantity is None for row in held)
    limit = None if unlimited else sum((row.quantity for row in held), Decimal(0))
    ends = [_last_day(row) for row in held]
    return Right(
        feature=told[-1].feature,
        entitled=bool(held),
        why="" if held else _why_not(rows[-1], day),
        quantity=limit,
        unlimited=unlimited,
        unit=told[-1].unit,
        used=used,
        period=period,
        valid_until=max((end for end in ends if end), default=None) if None not in ends else None,
        connections=frozenset(row.connection_id for row in told),
    )


def _period(rows: Sequence[Any], meter: str, day: date) -> Span:
    """A month: the calendar's, or the subscription's where the usage policy says so."""
    anniversary = Policies().of(rows[-1].entity_id, meter, day).anniversary
    anchor = rows[-1].started_on if anniversary else None
    return period_of(day, months=1, anchor=anchor)


def _last_day(row: Any) -> date | None:
    ends = [day for day in (row.ends_on, row.subscription_ends) if day is not None]
    return min(ends, default=None)


def _why_not(row: Any, day: date) -> str:
    """Why this grant gives no right on the day; empty when it does."""
    last = _last_day(row)
    if row.state == "revoked" and row.effective_on <= day:
        return f"It was revoked on {row.effective_on}."
    if row.granted_on > day:
        return f"It begins on {row.granted_on}."
    if last is not None and last < day:
        return f"It ended on {last}."
    if row.subscription_state == "paused" and not (row.resumes_on and row.resumes_on <= day):
        return "The subscription is paused."
    if row.subscription_state == "cancelled" and last is None:
        return "The subscription is cancelled."
    return ""
