"""Commands by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any

from connectors.contract import Command
from connectors.systems.warehouse.loads import KIND
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps


def invoices(number: int, *, fact: str = "invoices", **given: Any) -> Command:
    row = {
        "id": number, "legal_entity": "US-INC", "changed_at": "2026-11-03T09:15:00+00:00",
        "source": "stripe", "source_id": f"in_{number}", "customer_id": 7,
        "number": f"INV-{number}", "currency": "USD", "state": "open", "issued_on": "2026-11-03",
        "net": 100_000, "tax": 8_000, "total": 108_000, "applied": 0, "credited": 0,
    } | given  # fmt: skip
    payload = {"fact": fact, "legal_entity": "US-INC", "rows": [row]}
    return Command(
        key=f"rc1-load{number:04}", kind=KIND, payload=payload,
        payload_sha256=sha256(dumps(payload)), correlation_id="test",
    )  # fmt: skip
