"""Commands of the kinds that follow another one, or that no contract test of a whole sink sends."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from connectors import commands
from connectors.contract import Command
from revops.kernel.keys import idempotency_key

# By kind: what was done of it, by the key and the id that its system gave.
Done = Mapping[str, tuple[Command, str]]
Further = Callable[[Done, httpx.AsyncClient], Awaitable[Mapping[str, Any]]]


async def _tax_void(done: Done, door: httpx.AsyncClient) -> Mapping[str, Any]:
    command, _ = done["tax.commit"]
    return {"document": "invoice", "legal_entity": "US-INC", "code": command.key}


async def _note_void(done: Done, door: httpx.AsyncClient) -> Mapping[str, Any]:
    _, number = done["billing.credit_note.create"]
    return {"credit_note_id": number}


async def _account(door: httpx.AsyncClient) -> str:
    """One that sales has."""
    await door.post("/_control/scenario/customers", json={"count": 1})
    rows = (await door.get("/_control/records/Account")).json()
    return str(rows[0]["Id"])


async def _renewal(done: Done, door: httpx.AsyncClient) -> Mapping[str, Any]:
    account = await _account(door)
    return {"target": "Account", "record_id": account, "currency": "USD", "value": 9_600_000,
            "renews_on": "2027-01-01", "risk": "low", "as_of": _AT}  # fmt: skip


async def _health(done: Done, door: httpx.AsyncClient) -> Mapping[str, Any]:
    account = await _account(door)
    return {"account_id": account, "score": "71.5", "band": "yellow", "as_of": _AT,
            "measured_on": "2026-11-20"}  # fmt: skip


async def _customer_link(done: Done, door: httpx.AsyncClient) -> Mapping[str, Any]:
    return {"account_id": await _account(door), "ids": {"stripe": "cus_9"}, "as_of": _AT}


async def _subscription_link(done: Done, door: httpx.AsyncClient) -> Mapping[str, Any]:
    await _account(door)
    rows = (await door.get("/_control/records/Opportunity")).json()
    return {"record_id": rows[0]["Id"], "subscription_id": "sub_1", "status": "active",
            "started_on": "2026-11-01", "as_of": _AT}  # fmt: skip


_AT = "2026-11-20T10:00:00Z"
PAYLOADS: Mapping[str, Further] = {
    "tax.void": _tax_void,
    "billing.credit_note.void": _note_void,
    "crm.renewal_value": _renewal,
    "crm.health": _health,
    "crm.customer_link": _customer_link,
    "crm.subscription_link": _subscription_link,
}


async def command(kind: str, done: Done, door: httpx.AsyncClient) -> Command:
    """Of a kind of PAYLOADS, for what was done before."""
    payload = await PAYLOADS[kind](done, door)
    key = idempotency_key(
        lane="primary", legal_entity="US-INC", document_type=kind, business_key="stripe:1",
        revision=1,
    )  # fmt: skip
    return commands.by_hand(kind, key, payload)
