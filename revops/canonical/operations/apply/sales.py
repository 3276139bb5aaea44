"""What sales promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from revops.canonical.models import ContractState, OpportunityState
from revops.canonical.operations.change import Change, Telling
from revops.canonical.operations.tables import Applier, Tables
from revops.canonical.operations.writing import fact, json_of, put
from revops.contracts.sales import (
    ContractAmended,
    ContractCancelled,
    ContractRenewed,
    ContractSigned,
    OpportunityLost,
    OpportunityUpdated,
    OpportunityWon,
    QuoteAccepted,
)

_Contract = ContractSigned | ContractAmended | ContractRenewed | ContractCancelled
_RANK: Final = {"signed": 0, "amended": 1, "renewed": 2, "cancelled": 3}


def opportunity(tables: Tables, data: OpportunityUpdated, told: Telling) -> Change:
    """
    Won and lost are facts of their own day: an update that comes later changes the words, not the
    outcome. Of two outcomes the later day stands.
    """
    parent = tables.customer.get(data.customer_id)
    assert parent is not None
    table = tables.opportunity
    fields = {
        "customer_id": parent.id,
        "name": data.name,
        "stage": data.stage,
        "currency": data.currency,
        "amount": data.amount,
        "closes_on": data.closes_on,
        "owner": data.owner,
        "kind": data.kind,
    }
    row = table.get(data.opportunity_id)
    if row is None:
        fields["state"] = OpportunityState.OPEN.value
    rank = 0 if data.contract.startswith("opportunity.updated") else 1
    change = put(table, row, data.opportunity_id, fields, rank, told)
    row = table.get(data.opportunity_id)
    assert row is not None
    outcome = _outcome(data)
    if outcome and _later(outcome["decided_on"], outcome["state"], row.decided_on, row.state):
        change = fact(change, table, row, told, **outcome)
    return change


def _outcome(data: OpportunityUpdated) -> dict[str, Any]:
    if isinstance(data, OpportunityWon):
        return {
            "state": OpportunityState.WON.value,
            "decided_on": data.won_on,
            "items": json_of(data.items),
            "starts_on": data.starts_on,
            "ends_on": data.ends_on,
            "reason": "",
        }
    if isinstance(data, OpportunityLost):
        return {
            "state": OpportunityState.LOST.value,
            "decided_on": data.lost_on,
            "reason": data.reason,
        }
    return {}


def _later(day: date, state: str, known: date | None, known_state: str) -> bool:
    """Lost before won on one day, because their names say nothing about their order."""
    return known is None or (day, state) >= (known, known_state)


def quote(tables: Tables, data: QuoteAccepted, told: Telling) -> Change:
    parent = tables.opportunity.get(data.opportunity_id)
    assert parent is not None
    fields = {
        "opportunity_id": parent.id,
        "number": data.number,
        "currency": data.currency,
        "amount": data.amount,
        "items": json_of(data.items),
        "accepted_on": data.accepted_on,
    }
    return put(tables.quote, tables.quote.get(data.quote_id), data.quote_id, fields, 0, told)


def contract(tables: Tables, data: _Contract, told: Telling) -> Change:
    parent = tables.customer.get(data.customer_id)
    assert parent is not None
    won = tables.opportunity.get(data.opportunity_id) if data.opportunity_id else None
    what = data.contract.removeprefix("contract.").partition("/")[0]
    table = tables.contract
    row = table.get(data.contract_id)
    fields: dict[str, Any] = {
        "customer_id": parent.id,
        "opportunity_id": won.id if won else None,
        "number": data.number,
        "currency": data.currency,
        "items": json_of(data.items),
        "total": data.total,
        "starts_on": data.starts_on,
        "ends_on": data.ends_on,
        "net_days": data.terms.net_days,
        "billing_months": data.terms.billing_months,
        "effective_on": getattr(data, "effective_on", data.starts_on),
        "state": (ContractState.CANCELLED if what == "cancelled" else ContractState.ACTIVE).value,
        "reason": getattr(data, "reason", ""),
    }
    said = {"items": fields["items"], "currency": fields["currency"]}
    if row is not None:
        for name in said:
            if tables.governed_elsewhere("contract", name, told.legal_entity_id):
                del fields[name]
    change = put(table, row, data.contract_id, fields, _RANK[what], told)
    row = table.get(data.contract_id)
    assert row is not None
    for name, value in said.items():
        tables.claims.contract(row.id, name, value, told, _RANK[what])
    if isinstance(data, ContractSigned):
        change = fact(change, table, row, told, signed_on=data.signed_on)
    return change


APPLY: Final[Mapping[str, Applier]] = {
    "opportunity.updated/1": opportunity,
    "opportunity.won/1": opportunity,
    "opportunity.lost/1": opportunity,
    "quote.accepted/1": quote,
    "contract.signed/1": contract,
    "contract.amended/1": contract,
    "contract.renewed/1": contract,
    "contract.cancelled/1": contract,
}
