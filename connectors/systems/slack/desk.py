"""Commands by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any

from connectors import commands
from connectors.contract import Command
from connectors.systems.slack.message import KIND


def chat(number: int, **given: Any) -> Command:
    payload = {
        "title": f"APR-{number}: a credit waits",
        "text": "It waits for you.",
        "who": "For Priya Nair",
        "link": f"https://console.example/approvals/APR-{number}/",
    } | given
    return commands.by_hand(KIND, f"rc1-chat{number:04}", payload)
