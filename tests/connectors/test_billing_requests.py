"""
What billing systems are asked, to the letter. Digests, and what we leave in a billing system, stand
in customers' databases and systems: they do not change when the code does.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import pytest

from connectors.contract import Command, CommandSink, Settings
from connectors.http import Client
from connectors.systems.chargebee.connector import connector as chargebee
from connectors.systems.stripe.connector import connector as stripe
from connectors.testing import LOOPBACK

_KEY: Final = "rc1-" + "k" * 32
_IDS: Final = {"salesforce_id": "001A", "gainsight_id": "GS-1"}
_SUBSCRIPTION: Final = {
    "customer": {"id": "cus_1"},
    "items": [{"price": "seat", "quantity": 3}, {"price": "base"}],
    "contract_ref": "8001",
    "days_until_due": 30,
    "legal_entity": "US-INC",
}
_ITEM: Final = {
    "customer_id": "cus_1",
    "subscription_id": "sub_1",
    "currency": "USD",
    "amount": 12_345,
    "quantity": "1234.5",
    "description": "API calls",
    "sku": "usage_api",
    "usage_ref": "rated-7-1",
    "period": {"start": "2026-01-01", "end": "2026-01-31"},
}
_NOTE: Final = {
    "invoice_id": "in_1",
    "currency": "USD",
    "lines": [
        {"invoice_line_id": "il_2", "amount": 900},
        {"invoice_line_id": "il_1", "amount": 100},
    ],
    "credit_type": "goodwill",
    "settles": "invoice",
    "credit_request_id": "req-1",
    "effective_on": "2026-02-01",
    "memo": "Two days down",
}
_VOID: Final = {"credit_note_id": "cn_1", "credit_request_id": "req-1"}


_CONNECTORS: Final[dict[str, CommandSink]] = {"stripe": stripe, "chargebee": chargebee}
_PAYLOADS: Final[dict[str, dict[str, Any]]] = {
    "billing.subscription.create": _SUBSCRIPTION,
    "billing.subscription.create of a new customer": _SUBSCRIPTION
    | {"customer": {"name": "Ash", "email": "pay@ash.example", "other_ids": _IDS}},
    "billing.invoice_item.create": _ITEM,
    "billing.credit_note.create": _NOTE,
    "billing.credit_note.void": _VOID,
}
# By system and command: the digest of the payload, and the one request that is made of it.
_KEPT: Final = json.loads(
    (Path(__file__).parent / "billing_requests.json").read_text(encoding="utf-8")
)


_NOTHING: Final = {
    "object": "list", "data": [], "list": [], "has_more": False, "status": "open", "id": "cn_1",
    "invoice": {"status": "posted"}, "credit_note": {"status": "refund_due"},
}  # fmt: skip


@pytest.mark.parametrize("system", _CONNECTORS)
@pytest.mark.parametrize("kind", _PAYLOADS)
def test_a_request_and_its_digest_stay_as_they_were(system: str, kind: str) -> None:
    assert asked(system, kind) == _KEPT[system][kind]


def asked(system: str, kind: str) -> dict[str, Any]:
    connector, payload = _CONNECTORS[system], _PAYLOADS[kind]
    return {
        "digest": connector.digest(payload),
        "request": posted(connector, kind.split()[0], payload),
    }


def posted(connector: CommandSink, kind: str, payload: dict[str, Any]) -> list[Any]:
    """What leaves us for a system that holds nothing of it yet."""
    found: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            form = dict(parse_qsl(request.content.decode(), keep_blank_values=True))
            found.append([request.url.path, form])
            return httpx.Response(400, json={"api_error_code": "no", "error": {"message": "no"}})
        if request.url.path.startswith(("/api/v2/subscriptions/", "/api/v2/customers/")):
            return httpx.Response(404, json={"api_error_code": "resource_not_found"})
        return httpx.Response(200, json=_NOTHING)

    async def send() -> None:
        settings = Settings(
            "billing", LOOPBACK, secrets={"api_key": "key"}, zone="America/New_York"
        )
        wire = httpx.MockTransport(answer)
        async with Client(LOOPBACK, hosts=(), allow_loopback=True, transport=wire) as client:
            command = Command(_KEY, kind, payload, "", "story-1")
            await connector.send(client, settings, [command])

    asyncio.run(send())
    return found
