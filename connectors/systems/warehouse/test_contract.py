"""The same contract as every sink, against PostgreSQL itself behind the sandbox's door."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

import httpx
import psycopg
from starlette.types import ASGIApp

from connectors.contract import Outcome, Settings
from connectors.http import Client
from connectors.systems.warehouse import sandbox
from connectors.systems.warehouse.connector import connector
from connectors.testing import WarehouseContract
from connectors.testing.warehouses import invoices

_T = TypeVar("_T")
PASSWORD: Final = "kept-for-the-tests-of-the-warehouse"  # noqa: S105  of a server that holds nothing
DATABASE: Final = f"warehouse_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"


def a_place() -> sandbox.Place:
    server = psycopg.conninfo.make_conninfo(os.environ["DATABASE_URL"], dbname="postgres")
    return sandbox.Place(server, DATABASE, DATABASE, PASSWORD)


class TestWarehouse(WarehouseContract):
    connector = connector
    settings = Settings(
        slug="warehouse", base_url="postgresql://127.0.0.1:9",
        parameters={"database": DATABASE, "login": DATABASE}, secrets={"password": PASSWORD},
    )  # fmt: skip
    page = "connectors.systems.warehouse.listing.PAGE"

    def build(self) -> ASGIApp:
        return sandbox.build(a_place())

    def run(
        self, story: Callable[[Client, httpx.AsyncClient], Coroutine[Any, Any, _T]], **options: Any
    ) -> _T:
        """As in the base class, with real sockets: PostgreSQL's protocol is no HTTP."""

        async def play() -> _T:
            app = sandbox.build(a_place())
            proxy, place = app.state.proxy, app.state.place
            await place.make()
            await self.do("DROP SCHEMA IF EXISTS revops CASCADE")
            await proxy.start(0)
            wire = httpx.ASGITransport(app=app)
            address = f"postgresql://127.0.0.1:{proxy.port}"
            try:
                async with (
                    Client(address, hosts=(), allow_loopback=True, **options) as client,
                    httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door,
                ):
                    return await story(client, door)
            finally:
                await proxy.stop()

        return asyncio.run(play())

    async def kept(
        self, sandbox: httpx.AsyncClient, table: str, columns: str
    ) -> list[tuple[Any, ...]]:
        async with await a_place().link() as link:
            statement = f"SELECT {columns} FROM revops.{table} ORDER BY id"  # noqa: S608  our own names
            found = await link.execute(statement.encode())
            return [tuple(map(_told, row)) for row in await found.fetchall()]

    async def forget(self, sandbox: httpx.AsyncClient, table: str, column: str) -> None:
        await self.do(f"ALTER TABLE revops.{table} DROP COLUMN {column}")

    async def do(self, statement: str) -> None:
        async with await a_place().owner(DATABASE) as link:
            await link.execute(statement.encode())

    def test_a_lost_commit_is_in_doubt_and_found_by_its_key(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            await self.fault(sandbox, response_lost=1)
            # The connection's own preparing commits as well: the answer that is lost is a load's.
            receipt = await self.send_one(client, invoices(2))
            assert receipt.outcome in (Outcome.IN_DOUBT, Outcome.TRANSIENT)
            await self.fault(sandbox, response_lost=False)
            assert (await self.send_one(client, invoices(2))).outcome in (
                Outcome.OK, Outcome.ALREADY_DONE,
            )  # fmt: skip
            assert await self.kept(sandbox, "invoices", "id") == [(1,), (2,)]

        self.run(story)

    def test_a_login_that_may_not_make_tables_is_told_what_is_missing(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.do("CREATE SCHEMA revops")
            steps = await connector.probe(client, self.settings)
            assert [step.passed for step in steps] == [True, False]
            assert "GRANT USAGE, CREATE ON SCHEMA revops" in steps[-1].detail
            assert (await self.send_one(client, invoices(1))).outcome is Outcome.AUTH

        self.run(story)


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, date | Decimal) else value
