"""Commands by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any

from connectors.contract import Command
from connectors.systems.slack.message import KIND
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps


def chat(number: int, **given: Any) -> Command:
    payload = {
        "title": f"APR-{number}: a credit waits",
        "text": "It waits for you.",
        "who": "For Priya Nair",
        "link": f"https://console.example/approvals/APR-{number}/",
    } | given
    return Command(
        key=f"rc1-chat{number:04}",
        kind=KIND,
        payload=payload,
        payload_sha256=sha256(dumps(payload)),
        correlation_id="test",
    )
