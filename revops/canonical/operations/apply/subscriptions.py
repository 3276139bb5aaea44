"""What a customer subscribes to and may use: each event carries the whole of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any, Final

from revops.canonical.models import EntitlementState, SubscriptionState
from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.rows import SubscriptionRow
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import fact, json_of, order, put, standing

_RANK: Final = {
    "activated": 0,
    "renewed": 1,
    "upgraded": 2,
    "downgraded": 3,
    "seats_changed": 4,
    "paused": 5,
    "resumed": 6,
    "cancelled": 7,
}
_BETWEEN: Final = frozenset(range(_RANK["renewed"], _RANK["resumed"] + 1))
_WHOLE: Final = ("currency", "items", "renews_on", "contract_ref")
_STATE: Final = {"paused": SubscriptionState.PAUSED, "cancelled": SubscriptionState.CANCELLED}
_ENTITLED: Final = {"granted": 0, "changed": 1, "revoked": 2}


def subscription(tables: Tables, data: Any, told: Telling) -> Change:
    parent = tables.customer.get(data.customer_id)
    assert parent is not None
    what = data.contract.removeprefix("subscription.").partition("/")[0]
    effective: date = getattr(data, "effective_on", data.started_on)
    fields = {
        "customer_id": parent.id,
        "currency": data.currency,
        "items": json_of(data.items),
        "started_on": data.started_on,
        "renews_on": data.renews_on,
        "state": _STATE.get(what, SubscriptionState.ACTIVE).value,
        "effective_on": effective,
        "resumes_on": getattr(data, "resumes_on", None),
        "ends_on": effective - timedelta(days=1) if what == "cancelled" else None,
        "reason": getattr(data, "reason", ""),
        "contract_ref": data.contract_ref,
    }
    row = tables.subscription.get(data.subscription_id)
    unclear = row is not None and _unclear(row, fields, _RANK[what], told)
    change = put(tables.subscription, row, data.subscription_id, fields, _RANK[what], told)
    known = tables.subscription.get(data.subscription_id)
    assert known is not None
    if change.effect in (Effect.CREATED, Effect.CHANGED):
        tables.claims.subscriptions.add(known.id)
    return replace(change, tie=True) if unclear else change


def _unclear(row: SubscriptionRow, fields: Mapping[str, Any], rank: int, told: Telling) -> bool:
    """
    Two changes of one moment that leave something else behind. That it was activated before and
    cancelled after all others is sure; how an upgrade and seats followed each other is not.
    """
    version, at, known = standing(row)
    if order(told, rank)[:2] != (version, at) or not {rank, known} <= _BETWEEN:
        return False
    return any(getattr(row, name) != fields[name] for name in _WHOLE)


def entitlement(tables: Tables, data: Any, told: Telling) -> Change:
    parent = tables.customer.get(data.customer_id)
    assert parent is not None
    bought = tables.subscription.get(data.subscription_id) if data.subscription_id else None
    what = data.contract.removeprefix("entitlement.").partition("/")[0]
    fields = {
        "customer_id": parent.id,
        "subscription_id": bought.id if bought else None,
        "feature": data.feature,
        "quantity": data.quantity,
        "unit": data.unit,
        "meter": data.meter,
        "effective_on": data.effective_on,
        "ends_on": (data.effective_on - timedelta(days=1) if what == "revoked" else data.ends_on),
        "state": (EntitlementState.REVOKED if what == "revoked" else EntitlementState.ACTIVE).value,
        "reason": getattr(data, "reason", ""),
    }
    table = tables.entitlement
    row = table.get(data.entitlement_id)
    first = min(row.granted_on, data.effective_on) if row else data.effective_on
    if row is None:
        fields["granted_on"] = first
    change = put(table, row, data.entitlement_id, fields, _ENTITLED[what], told)
    row = table.get(data.entitlement_id)
    assert row is not None
    return fact(change, table, row, told, granted_on=first)


APPLY: Final[Mapping[str, Applier]] = {
    **{f"subscription.{what}/1": subscription for what in _RANK},
    **{f"entitlement.{what}/1": entitlement for what in _ENTITLED},
}
