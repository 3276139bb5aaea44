"""What tests need to put the connector to work on the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import httpx

from connectors.contract import Command, Receipt, Settings
from connectors.http import Client
from connectors.systems.business_central import sandbox
from connectors.systems.business_central.connector import BusinessCentral
from connectors.testing import LOOPBACK

T = TypeVar("T")
SETTINGS: Final = Settings(
    slug="business_central",
    base_url=LOOPBACK,
    parameters={
        "tenant": "contoso.onmicrosoft.com",
        "environment": "production",
        "receivable_account": "1100",
        "sign_in_url": LOOPBACK,
    },
    secrets={
        "client_id": sandbox.CLIENT_ID,
        "client_secret": sandbox.CLIENT_SECRET,
        "client_state": sandbox.STATE,
    },
)


class Desk:
    """A connector at work on a fresh sandbox; parameters may be changed."""

    def __init__(self, **parameters: str) -> None:
        self.connector = BusinessCentral()
        self.app = sandbox.build()
        self.inside = self.app.state.sandbox
        self.settings = replace(SETTINGS, parameters={**SETTINGS.parameters, **parameters})

    def run(self, story: Callable[[Client], Awaitable[T]]) -> T:
        async def play() -> T:
            wire = httpx.ASGITransport(app=self.app)
            options: dict[str, Any] = {"hosts": (), "allow_loopback": True, "transport": wire}
            async with Client(LOOPBACK, **options) as client:
                done = await story(client)
                await self.inside.hooks.idle()
                return done

        return asyncio.run(play())

    def send(self, *commands: Command) -> list[Receipt]:
        async def story(client: Client) -> list[Receipt]:
            return list(await self.connector.send(client, self.settings, commands))

        return self.run(story)

    def one(self, command: Command) -> Receipt:
        (receipt,) = self.send(command)
        return receipt

    def control(self, path: str, value: Any = None) -> Any:
        """The switchboard: POST with a value, GET without."""

        async def ask() -> Any:
            wire = httpx.ASGITransport(app=self.app)
            async with httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door:
                place = f"/_control/{path}"
                answer = await (door.get(place) if value is None else door.post(place, json=value))
                assert answer.status_code == 200, answer.text
                return answer.json()

        return asyncio.run(ask())

    def held(self, command: Command) -> Any:
        return self.control(f"documents?key={command.key}")
