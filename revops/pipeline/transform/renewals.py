"""What the CRM sees of a subscription: what its renewal is worth, and which one came of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from revops.pipeline.transform import worth
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready, record_of
from revops.pipeline.transform.customers import UNKNOWN, as_of, known, without_account
from revops.pipeline.transform.parties import Party
from revops.pipeline.transform.worth import Worth
from revops.store import sql


def value(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """``crm.renewal_value``"""
    customers = known(asks)
    values = worth.of([party.id for party in customers.values()])
    return {
        ask.step_id: _value(ask, party, values[party.id])
        if (party := customers.get(ask.step_id))
        else UNKNOWN
        for ask in asks
    }


def _value(ask: Ask, party: Party, found: Worth) -> Answer:
    """What customer success expects; else what runs; else what the contract promises."""
    account = party.at(ask.connection_id)
    if not account:
        return without_account(party)
    event: Any = ask.event
    renews_on = found.renews_on
    if found.forecast is not None:
        currency, amount = found.forecast_currency, found.forecast
    elif found.yearly is not None and found.currency:
        currency, amount = found.currency, found.yearly
    elif ask.record_kind == "contract":
        currency, amount = event.currency, event.total
        renews_on = renews_on or event.ends_on + timedelta(days=1)
    else:
        return Unready("The price of a subscription is not known yet.")
    payload = {
        "as_of": as_of(ask),
        "target": "Account",
        "record_id": account,
        "currency": currency,
        "value": amount,
        "renews_on": renews_on.isoformat() if renews_on else None,
        "risk": found.risk,
    }
    return Made(party.key, payload, currency, amount)


# Seconds within which billing's answer follows its event: the event can be faster.
_ANSWER: Final = 180

_LINKS: Final = """
SELECT record.id, record.source_id, record.state, record.started_on, record.renews_on,
    record.contract_ref, contract.source_id AS contract,
    coalesce(contract.connection_id, sold.connection_id) AS crm,
    coalesce(opportunity.source_id, sold.source_id) AS opportunity, connection.slug
FROM canonical_subscription record
JOIN connectors_connection connection ON connection.id = record.connection_id
LEFT JOIN canonical_contract contract ON contract.id = record.contract_id
LEFT JOIN canonical_opportunity opportunity ON opportunity.id = contract.opportunity_id
LEFT JOIN canonical_externalreference made ON made.connection_id = record.connection_id
    AND made.type = 'provisioned' AND made.external_id = record.source_id
    AND made.record_kind = 'opportunity'
LEFT JOIN canonical_opportunity sold ON sold.id = made.record_id
WHERE record.id = ANY(%s)
"""


def link(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    """``crm.subscription_link``"""
    rows = {row.id: row for row in sql.rows(_LINKS, ([ask.record_id for ask in asks],))}
    return {
        ask.step_id: _link(ask, row) if (row := rows.get(ask.record_id)) else UNKNOWN
        for ask in asks
    }


def _link(ask: Ask, row: Any) -> Answer:
    if row.crm is None and not row.contract_ref:
        if ask.version / 1000 - ask.occurred_at.timestamp() < _ANSWER:
            return Unready("Billing may still have to say which sale led to it.")
        return NotNeeded("The subscription names no contract, and no sale led to it.")
    if row.crm != ask.connection_id:
        why = f"The contract {row.contract_ref} is not known from this CRM."
        wanted = record_of(ask.connection_id, "contract", row.contract_ref)
        return Unready(why, waits_for=wanted)
    opportunity = bool(row.opportunity)
    payload = {
        "as_of": as_of(ask),
        "target": "Opportunity" if opportunity else "Contract",
        "record_id": row.opportunity if opportunity else row.contract,
        "subscription_id": row.source_id,
        "status": row.state,
        "started_on": row.started_on.isoformat(),
        "renews_on": row.renews_on.isoformat() if row.renews_on else None,
    }
    return Made(f"{row.slug}:{row.source_id}", payload)
