"""``success.entitlements``: what may be used, from an entitlement or a subscription's seats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from revops.contracts.usage import ThresholdCrossed
from revops.kernel import strict_json
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded
from revops.pipeline.transform.customers import UNKNOWN, known, who
from revops.pipeline.transform.parties import Party
from revops.store import sql

_ENTITLEMENTS: Final = """
SELECT record.id, record.source_id, record.feature, record.quantity, record.unit, record.meter,
    record.granted_on AS starts_on, record.ends_on, record.state, record.subscription_id,
    connection.slug
FROM canonical_entitlement record
JOIN connectors_connection connection ON connection.id = record.connection_id
WHERE record.id = ANY(%s) OR (record.subscription_id = ANY(%s) AND record.meter = ANY(%s))
ORDER BY record.id
"""
_SUBSCRIPTIONS: Final = """
SELECT record.id, record.source_id, record.started_on AS starts_on, record.ends_on, record.state,
    record.items::text AS parts, connection.slug
FROM canonical_subscription record
JOIN connectors_connection connection ON connection.id = record.connection_id
WHERE record.id = ANY(%s)
"""


def entitlement(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    customers = known(asks)
    own = [ask.record_id for ask in asks if ask.record_kind == "entitlement"]
    subscribed = [ask.record_id for ask in asks if ask.record_kind == "subscription"]
    meters = [ask.event.meter for ask in asks if isinstance(ask.event, ThresholdCrossed)]
    rows = sql.rows(_ENTITLEMENTS, (own, subscribed, meters))
    by_id = {row.id: row for row in rows}
    by_meter = {(row.subscription_id, row.meter): row for row in rows}
    by_subscription = {row.id: row for row in sql.rows(_SUBSCRIPTIONS, (subscribed,))}
    answers: dict[int, Answer] = {}
    for ask in asks:
        customer = customers.get(ask.step_id)
        if customer is None:
            answers[ask.step_id] = UNKNOWN
        elif isinstance(ask.event, ThresholdCrossed):
            row = by_meter.get((ask.record_id, ask.event.meter))
            answers[ask.step_id] = (
                _made(ask, customer, row, used=ask.event.used)
                if row
                else NotNeeded(f"No entitlement limits {ask.event.meter}.")
            )
        elif ask.record_kind == "entitlement":
            answers[ask.step_id] = _made(ask, customer, by_id[ask.record_id])
        else:
            answers[ask.step_id] = _seats(ask, customer, by_subscription[ask.record_id])
    return answers


def _made(ask: Ask, customer: Party, row: Any, *, used: Decimal | None = None) -> Answer:
    payload = {
        "customer": who(customer, ask.connection_id),
        "entitlement_id": row.source_id,
        "feature": row.feature,
        "quantity": _plain(row.quantity),
        "used": _plain(used),
        "unit": row.unit,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
        "state": row.state,
        "version": ask.version,
    }
    return Made(f"{row.slug}:{row.source_id}", payload, subject=("entitlement", row.id))


def _seats(ask: Ask, customer: Party, row: Any) -> Answer:
    """A subscription entitles to what it is for, as long as it runs."""
    items: Any = strict_json.loads(row.parts)
    quantity = sum(item["quantity"] for item in items)
    payload = {
        "customer": who(customer, ask.connection_id),
        "entitlement_id": row.source_id,
        "feature": ", ".join(item["sku"] for item in items) or row.source_id,
        "quantity": str(quantity),
        "used": None,
        "unit": "seats",
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat() if row.ends_on else None,
        "state": "active" if row.state == "active" else "revoked",
        "version": ask.version,
    }
    return Made(f"{row.slug}:{row.source_id}", payload)


def _plain(number: Decimal | None) -> str | None:
    return None if number is None else format(number.normalize(), "f")
