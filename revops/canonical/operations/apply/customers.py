"""A system's accounts of customers, and what customer success says about them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from revops.canonical.operations.change import Change, Effect, Telling
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import put, shown
from revops.contracts.customers import CustomerCreated, CustomerMerged
from revops.contracts.success import HealthChanged, MilestoneReached, RenewalForecast
from revops.kernel import strict_json

# A shorter one is a placeholder, not an identity.
_SHORTEST: Final = 5
# Greece writes its tax ids with a prefix that is not its country code.
_PREFIX: Final = {"GR": "EL"}
# Columns whose field has another name in the ownership matrix.
_FIELD: Final = {"address": "country", "parent_ref": "parent"}


def tax_key_of(tax_id: str, country: str | None) -> str:
    """``country:id`` in capitals, letters and digits only; empty when that identifies nobody."""
    plain = re.sub(r"[^0-9A-Z]", "", tax_id.upper())
    if not country:
        return ""
    plain = plain.removeprefix(_PREFIX.get(country, country))
    return f"{country}:{plain[:120]}" if len(plain) >= _SHORTEST else ""


def told(tables: Tables, data: CustomerCreated, telling: Telling) -> Change:
    row = tables.customer.get(data.customer_id)
    rank = 1 if data.contract.startswith("customer.updated") else 0
    fields = {
        "name": data.name,
        "email": data.email,
        "currency": data.currency or "",
        "tax_id": data.tax_id,
        "tax_key": tax_key_of(data.tax_id, data.address.country),
        "address": strict_json.dumps(data.address.model_dump(mode="json")),
        "domain": data.domain.strip().lower(),
        "region": data.region,
        "parent_ref": data.parent_id,
        "other_ids": strict_json.dumps(
            sorted(
                (one.model_dump(mode="json") for one in data.other_ids),
                key=lambda one: (one["system"], one["id"]),
            )
        ),
    }
    seen = len(tables.customer.history)
    change = put(tables.customer, row, data.customer_id, fields, rank, telling)
    known = tables.customer.get(data.customer_id)
    assert known is not None
    if change.effect is not Effect.STALE:
        for field, value in (
            ("name", data.name.strip()),
            ("domain", known.domain),
            ("tax_id", data.tax_id.strip()),
            ("country", data.address.country or ""),
            ("region", data.region.strip()),
            ("currency", data.currency or ""),
        ):
            tables.claims.say("customer", known.id, field, shown(value), telling, rank)
    else:
        tables.claims.heard("customer", known.id, telling)
    if change.effect is not Effect.CHANGED:
        return change
    owned = any(
        not tables.governed_elsewhere(
            "customer", _FIELD.get(one.field, one.field), telling.legal_entity_id
        )
        for one in tables.customer.history[seen:]
    )
    return replace(change, owned=owned)


def merged(tables: Tables, data: CustomerMerged, telling: Telling) -> Change:
    survivor = tables.customer.get(data.customer_id)
    absorbed = tables.customer.get(data.merged_id)
    assert survivor is not None
    assert absorbed is not None
    if absorbed is survivor:
        return Change("customer", survivor.id, Effect.SAME)
    if absorbed.merged_into_id is not None and telling.version < absorbed.merged_version:
        return Change("customer", survivor.id, Effect.STALE, "A later merge is already known.")
    changed = tables.customer.change(absorbed, telling, merged_into_id=survivor.id)
    tables.customer.advance(absorbed, merged_version=telling.version)
    tables.claims.touch(absorbed.id)
    return Change("customer", survivor.id, Effect.CHANGED if changed else Effect.SAME)


def health(tables: Tables, data: HealthChanged, telling: Telling) -> Change:
    value = {
        "band": data.band,
        "on": data.measured_on.isoformat(),
        "reason": data.reason,
        "score": format(data.score, "f"),
    }
    return _said(tables, data.customer_id, "health", value, telling)


def milestone(tables: Tables, data: MilestoneReached, telling: Telling) -> Change:
    value = {"milestone": data.milestone, "on": data.reached_on.isoformat()}
    return _said(tables, data.customer_id, "milestone", value, telling)


def forecast(tables: Tables, data: RenewalForecast, telling: Telling) -> Change:
    value = {
        "amount": data.amount,
        "currency": data.currency,
        "on": data.forecast_on.isoformat(),
        "probability": format(data.probability, "f"),
        "renews_on": data.renews_on.isoformat(),
        "risk": data.risk,
    }
    return _said(tables, data.customer_id, "renewal", value, telling)


def _said(
    tables: Tables, customer_id: str, field: str, value: Mapping[str, object], telling: Telling
) -> Change:
    """What is only known of the customer as one: it goes to the party, if its owner says it."""
    row = tables.customer.get(customer_id)
    assert row is not None
    news = tables.claims.say("customer", row.id, field, strict_json.dumps(value), telling, 0)
    if tables.governed_elsewhere("customer", field, telling.legal_entity_id):
        note = "Another system owns this field, so it was only kept as a claim."
        return Change("customer", row.id, Effect.FOREIGN, note)
    return Change("customer", row.id, Effect.CHANGED if news else Effect.SAME)


APPLY: Final[Mapping[str, Applier]] = {
    "customer.created/1": told,
    "customer.updated/1": told,
    "customer.merged/1": merged,
    "health.changed/1": health,
    "onboarding.milestone_reached/1": milestone,
    "renewal.forecast_updated/1": forecast,
}
