"""What tests need to put the connector to work on the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import httpx

from connectors.contract import Command, Receipt, Settings
from connectors.http import Client
from connectors.systems.sap import sandbox
from connectors.systems.sap.connector import SapS4
from connectors.testing import LOOPBACK

T = TypeVar("T")
SETTINGS: Final = Settings(
    slug="sap",
    base_url=LOOPBACK,
    parameters={
        "tenant": "my300000",
        "company_codes": "US-INC=1710; UK-LTD=1110; DE-GMBH=1010; CH-AG=1910",
        "receivable_account": "1100",
    },
    secrets={"user": sandbox.USER, "password": sandbox.PASSWORD},
)


class Desk:
    """A connector at work on a fresh sandbox; parameters may be changed."""

    def __init__(self, **parameters: str) -> None:
        self.connector = SapS4()
        self.app = sandbox.build()
        self.inside = self.app.state.sandbox
        self.settings = replace(SETTINGS, parameters={**SETTINGS.parameters, **parameters})

    def run(self, story: Callable[[Client], Awaitable[T]]) -> T:
        async def play() -> T:
            wire = httpx.ASGITransport(app=self.app)
            options: dict[str, Any] = {"hosts": (), "allow_loopback": True, "transport": wire}
            async with Client(LOOPBACK, **options) as client:
                return await story(client)

        return asyncio.run(play())

    def send(self, *commands: Command) -> list[Receipt]:
        async def story(client: Client) -> list[Receipt]:
            return list(await self.connector.send(client, self.settings, commands))

        return self.run(story)

    def one(self, command: Command) -> Receipt:
        (receipt,) = self.send(command)
        return receipt
