"""Commands and calls by hand, for tests and for trying the connector out."""

from __future__ import annotations

from typing import Any, Final

from connectors import commands
from connectors.contract import Command
from connectors.systems.zendesk.payloads import CONTEXT, KIND

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
    return commands.by_hand(KIND, f"rc1-zendesk{number}-{payload['state']}", payload)


def billing_context(number: int, **given: Any) -> Command:
    payload = {
        "ticket_id": str(FIRST + number),
        "plans": ["pro_annual × 40, renews on 2027-01-01"],
        "collection": "overdue",
        "invoices": [
            {"number": "INV-10293", "currency": "USD", "open": 129_900, "due_on": "2026-01-31",
             "overdue": True},
        ],
        "entitlements": ["API calls: 500000 calls", "Support: without limit"],
        "credits": [
            {"number": "CN-7", "currency": "USD", "amount": 9_000, "state": "issued",
             "dated": "2025-11-02"},
        ],
        "more": 0,
        "url": "https://console.example/records/support_case/7/",
        "version": 1_767_225_600_000 + number,
    } | given  # fmt: skip
    key = f"rc1-zendesk{number}-context-{payload['version']}"
    return commands.by_hand(CONTEXT, key, payload)
