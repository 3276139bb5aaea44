"""Commands by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any

from connectors import commands
from connectors.contract import Command
from connectors.published import KIND


def event(number: int, **given: Any) -> Command:
    payload = {
        "type": "entitlement.granted",
        "contract": "entitlement.granted/1",
        "occurred_at": "2026-11-03T09:15:00+00:00",
        "legal_entity": "US-INC",
        "data": {"entitlement_id": f"ent_{number}", "feature": "seats", "quantity": "25"},
    } | given
    return commands.by_hand(KIND, f"rc1-event{number:04}", payload)
