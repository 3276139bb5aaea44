"""``billing.subscription.create`` and its end: what was sold, as billing provisions it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from revops.pipeline.transform.base import Answer, Ask, Made, Unready
from revops.pipeline.transform.customers import UNKNOWN, known
from revops.pipeline.transform.parties import Party


def subscription(asks: Sequence[Ask]) -> Mapping[int, Answer]:
    customers = known(asks)
    return {
        ask.step_id: _subscription(ask, party) if (party := customers.get(ask.step_id)) else UNKNOWN
        for ask in asks
    }


def _subscription(ask: Ask, party: Party) -> Answer:
    sold: Any = ask.event
    payload = {
        "customer": {
            "id": party.at(ask.connection_id),
            "customer_id": party.ours,
            "other_ids": party.elsewhere(ask.connection_id),
            "name": party.name,
            "email": party.first("email"),
            "tax_id": party.first("tax_id"),
        },
        "opportunity_id": sold.opportunity_id,
        "currency": sold.currency,
        "items": [item.model_dump(mode="json") for item in sold.items],
        "starts_on": sold.starts_on.isoformat(),
        "ends_on": sold.ends_on.isoformat() if sold.ends_on else None,
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
