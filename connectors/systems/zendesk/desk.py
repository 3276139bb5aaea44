"""Commands and calls by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any, Final

from connectors.contract import Command
from connectors.systems.zendesk.payloads import KIND
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps

FIRST: Final = 5000


def credit_state(number: int, **given: Any) -> Command:
    payload = {
        "ticket_id": str(FIRST + number),
        "credit_id": f"CR-{number}",
        "state": "approved",
        "currency": "USD",
        "amount": 120_000,
        "invoice": "INV-10293",
        "document": "",
        "note": "A credit of USD 1,200.00 before tax was approved. Billing issues it now.",
        "version": 1_767_225_600_000 + number,
    } | given
    return Command(
        key=f"rc1-zendesk{number}-{payload['state']}",
        kind=KIND,
        payload=payload,
        payload_sha256=sha256(dumps(payload)),
        correlation_id="test",
    )
