"""A connector at work on a fresh sandbox, both in this process: for what is a connector's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import httpx
from starlette.types import ASGIApp

from connectors.contract import Command, Receipt, Settings
from connectors.http import Client

T = TypeVar("T")


class Desk:
    """
    ``client`` is the guarded one that connectors get. ``control`` and ``look`` are the sandbox's
    switchboard: POST with a value, GET with a query. Connector and settings may be changed.
    """

    def __init__(self, client: Client, door: httpx.AsyncClient, made: Any, given: Settings) -> None:
        self.client = client
        self._door = door
        self.connector = made
        self.settings = given

    async def control(self, what: str, **value: Any) -> Any:
        return (await self._told("POST", what, json=value)).json()

    async def look(self, what: str, **asked: str) -> Any:
        return (await self._told("GET", what, params=asked)).json()

    async def _told(self, method: str, what: str, **sent: Any) -> httpx.Response:
        answer = await self._door.request(method, f"/_control/{what}", **sent)
        assert answer.status_code == 200, answer.text
        return answer

    async def send(self, *commands: Command) -> list[Receipt]:
        sent: Sequence[Receipt] = await self.connector.send(self.client, self.settings, commands)
        assert len(sent) == len(commands)
        return list(sent)

    async def one(self, command: Command) -> Receipt:
        (receipt,) = await self.send(command)
        return receipt


def play(
    story: Callable[[Desk], Awaitable[T]],
    *,
    made: Any,
    app: ASGIApp,
    settings: Settings,
    **parameters: Any,
) -> T:
    """The story at a desk; ``parameters`` of the connection are changed for it."""

    async def inside() -> T:
        wire = httpx.ASGITransport(app=app)
        given = replace(settings, parameters={**settings.parameters, **parameters})
        async with (
            Client(given.base_url, hosts=(), allow_loopback=True, transport=wire) as client,
            httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door,
        ):
            return await story(Desk(client, door, made, given))

    return asyncio.run(inside())


class PlainDesk:
    """The same without ``async``: each call is a client of its own on the one sandbox."""

    def __init__(self, made: Any, app: Any, settings: Settings, **parameters: Any) -> None:
        self.connector = made
        self.app = app
        self.inside = app.state.sandbox
        self.settings = replace(settings, parameters={**settings.parameters, **parameters})

    def run(self, story: Callable[[Client], Awaitable[T]]) -> T:
        async def at(desk: Desk) -> T:
            return await story(desk.client)

        return self._play(at)

    def _play(self, story: Callable[[Desk], Awaitable[T]]) -> T:
        async def then(desk: Desk) -> T:
            told = await story(desk)
            await self.settled()
            return told

        return play(then, made=self.connector, app=self.app, settings=self.settings)

    async def settled(self) -> None:
        """Waits for what the sandbox does of itself after an answer."""

    def send(self, *commands: Command) -> list[Receipt]:
        return self._play(lambda desk: desk.send(*commands))

    def one(self, command: Command) -> Receipt:
        return self._play(lambda desk: desk.one(command))

    def control(self, what: str, value: Any = None) -> Any:
        """The switchboard: POST with a value, GET without."""

        async def ask(desk: Desk) -> Any:
            method, sent = ("GET", {}) if value is None else ("POST", {"json": value})
            return (await desk._told(method, what, **sent)).json()

        return self._play(ask)

    def held(self, command: Command) -> Any:
        """What the sandbox holds under a command's key."""
        return self.control(f"documents?key={command.key}")
