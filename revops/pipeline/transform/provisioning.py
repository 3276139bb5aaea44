"""``billing.subscription.create`` and its end: what was sold, as billing provisions it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors import registry
from revops.pipeline.transform import billers
from revops.pipeline.transform.base import Answer, Ask, Made, NotNeeded, Unready
from revops.pipeline.transform.customers import UNKNOWN, known
from revops.pipeline.transform.parties import Party
from revops.store import sql

_CONTRACTS: Final = """
SELECT DISTINCT ON (opportunity_id) opportunity_id, source_id, net_days FROM canonical_contract
WHERE opportunity_id = ANY(%s) AND state = 'active' ORDER BY opportunity_id, id DESC
"""


def subscription(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    customers = known(asks)
    contracts = {
        row.opportunity_id: row for row in sql.rows(_CONTRACTS, ([ask.record_id for ask in asks],))
    }
    candidates = billers.peers(_billing_systems())
    return {
        ask.step_id: _subscription(ask, party, contracts.get(ask.record_id), candidates)
        if (party := customers.get(ask.step_id))
        else UNKNOWN
        for ask in asks
    }


def _billing_systems() -> list[str]:
    """Connectors that can provision."""
    return [
        slug
        for slug, manifest in registry.all_manifests().items()
        if "billing.subscription.create" in manifest.accepts
    ]


def _subscription(
    ask: Ask, party: Party, contract: Any, candidates: Sequence[tuple[int, frozenset[str]]]
) -> Answer:
    """Billed by invoice when a contract gives days to pay; else the payment method is charged."""
    if billers.provisioner(candidates, ask.legal_entity, party) != ask.connection_id:
        return NotNeeded("Another system bills this customer.")
    sold: Any = ask.event
    payload = {
        "customer": {
            "id": party.at(ask.connection_id),
            "name": party.name,
            "email": party.first("email"),
            "other_ids": {
                f"{one['system']}_id": one["id"] for one in party.elsewhere(ask.connection_id)
            },
        },
        "items": [{"price": item.sku, "quantity": item.quantity} for item in sold.items],
        "contract_ref": contract.source_id if contract else "",
        "days_until_due": contract.net_days if contract else None,
        "legal_entity": ask.legal_entity,
    }
    return Made(f"{ask.source}:{sold.opportunity_id}", payload, sold.currency, sold.amount)


def end(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    return {ask.step_id: _end(ask) for ask in asks}


def _end(ask: Ask) -> Answer:
    if not ask.made_id:
        return Unready("Billing did not say which subscription it made.")
    payload = {"subscription_id": ask.made_id, "reason": "The sale was taken back."}
    return Made(f"{ask.source}:{ask.event.subject_id}", payload)
