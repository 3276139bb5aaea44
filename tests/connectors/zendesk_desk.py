"""The desk's sandbox in this process, and what tests of its connector do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from connectors.contract import Command, Receipt, Settings
from connectors.http import Client
from connectors.systems.zendesk import sandbox
from connectors.systems.zendesk.connector import connector

PARAMETERS = {
    "key_field": "11", "credit_field": "12", "billing_field": "13", "promise_field": "14",
    "promise_day_field": "15", "invoice_field": "16", "ticket_prefix": "ZD-",
    "context_field": "17",
}  # fmt: skip
SETTINGS = Settings(
    slug="zendesk",
    base_url="http://127.0.0.1:9",
    parameters=PARAMETERS,
    secrets={"client_id": sandbox.CLIENT_ID, "client_secret": sandbox.CLIENT_SECRET},
)
Door = httpx.AsyncClient


def play(story: Callable[[Client, Door], Coroutine[Any, Any, None]], **options: Any) -> None:
    async def run() -> None:
        app = sandbox.build(sandbox.Config(parameters=PARAMETERS))
        wire = httpx.ASGITransport(app=app)
        async with (
            Client(
                SETTINGS.base_url, hosts=(), allow_loopback=True, transport=wire, **options
            ) as client,
            httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door,
        ):
            await story(client, door)

    asyncio.run(run())


async def happen(door: Door, name: str, **given: Any) -> Any:
    answer = await door.post(f"/_control/scenario/{name}", json=given)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def tickets(door: Door) -> dict[int, Any]:
    return {row["id"]: row for row in (await door.get("/_control/state")).json()["tickets"]}


async def one(client: Client, command: Command) -> Receipt:
    (receipt,) = await connector.send(client, SETTINGS, [command])
    return receipt


async def case_of(client: Client, number: str) -> bytes:
    body = await connector.fetch(client, SETTINGS, "ticket", number)
    assert body is not None
    return body


def told(body: bytes) -> list[Any]:
    return list(connector.translate(connector.open(body), SETTINGS))
