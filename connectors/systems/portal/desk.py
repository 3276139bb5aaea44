"""Commands by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any

from connectors.contract import Command
from connectors.systems.portal.message import KIND
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps


def event(number: int, **given: Any) -> Command:
    payload = {
        "type": "entitlement.granted",
        "contract": "entitlement.granted/1",
        "occurred_at": "2026-11-03T09:15:00+00:00",
        "legal_entity": "US-INC",
        "data": {"entitlement_id": f"ent_{number}", "feature": "seats", "quantity": "25"},
    } | given
    return Command(
        key=f"rc1-event{number:04}",
        kind=KIND,
        payload=payload,
        payload_sha256=sha256(dumps(payload)),
        correlation_id="test",
    )
