"""A fresh Salesforce sandbox in this process, and a client for it, for one story."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeVar

import httpx

from connectors.contract import Envelope, Page, Settings
from connectors.http import Client
from connectors.systems.salesforce import desk, sandbox
from connectors.systems.salesforce.connector import connector
from revops.contracts.base import EventData

T = TypeVar("T")
Story = Callable[["Stage"], Coroutine[Any, Any, T]]


class Stage:
    """``play`` does what people do in Salesforce; ``world`` is what it holds."""

    def __init__(self, client: Client, wire: httpx.AsyncClient, app: Any) -> None:
        self.client = client
        self.wire = wire
        self.sandbox = app.state.sandbox
        self.world = self.sandbox.world
        self.business = self.sandbox.business
        self.settings = desk.SETTINGS

    async def play(self, name: str, **values: Any) -> dict[str, Any]:
        answer = await self.wire.post(f"/_control/scenario/{name}", json=values)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def fault(self, **faults: Any) -> None:
        answer = await self.wire.post("/_control/faults", json=faults)
        assert answer.status_code == 200, answer.text

    async def poll(self, cursor: str = "") -> Page:
        return await connector.poll(self.client, self.settings, cursor=cursor)

    async def send(self, *commands: Any) -> Any:
        return await connector.send(self.client, self.settings, commands)

    async def find(self, *commands: Any) -> Any:
        keys = [command.key for command in commands]
        return await connector.find(self.client, self.settings, keys)


def on_stage(story: Story[T], *, config: sandbox.Config | None = None, **options: Any) -> T:
    async def run() -> T:
        app = sandbox.build(config)
        wire = httpx.ASGITransport(app=app)
        async with (
            Client(
                desk.SETTINGS.base_url, hosts=(), allow_loopback=True, transport=wire, **options
            ) as client,
            httpx.AsyncClient(transport=wire, base_url="http://sandbox") as plain,
        ):
            return await story(Stage(client, plain, app))

    return asyncio.run(run())


def with_parameters(**parameters: Any) -> Settings:
    return replace(desk.SETTINGS, parameters={**desk.SETTINGS.parameters, **parameters})


def opened(page: Page) -> list[Envelope]:
    return [connector.open(body) for body in page.bodies]


def told(page: Page, settings: Settings = desk.SETTINGS) -> list[EventData]:
    return [event for one in opened(page) for event in connector.translate(one, settings)]


def an_account(stage: Stage, **given: Any) -> str:
    return str(stage.business.account(**{"Name": "Acme", **given})["Id"])


def invoices(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.world.all("RevOps_Invoice__c"))
