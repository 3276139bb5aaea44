"""Commands by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any

from connectors import commands
from connectors.contract import Command
from connectors.systems.email.message import KIND


def mail(number: int, **given: Any) -> Command:
    payload = {
        "to": f"person{number}@demo.example",
        "name": "Priya Nair",
        "subject": f"APR-{number}: a credit waits for you",
        "text": "A credit waits for you.\n.A line that begins with a dot — and one dash.",
        "link": f"https://console.example/approvals/APR-{number}/",
    } | given
    return commands.by_hand(KIND, f"rc1-mail{number}", payload)
