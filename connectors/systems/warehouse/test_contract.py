"""The same contract as every sink, against PostgreSQL itself behind the sandbox's door."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, Final, TypeVar

import httpx
import psycopg
from starlette.types import ASGIApp

from connectors.contract import Command, Outcome, Settings
from connectors.facts import FACTS
from connectors.http import Client
from connectors.systems.warehouse import sandbox
from connectors.systems.warehouse.connector import connector
from connectors.systems.warehouse.desk import invoices
from connectors.testing import SinkContract

_T = TypeVar("_T")
PASSWORD: Final = "kept-for-the-tests-of-the-warehouse"  # noqa: S105  of a server that holds nothing
DATABASE: Final = f"warehouse_{os.environ.get('PYTEST_XDIST_WORKER', 'one')}"


def a_place() -> sandbox.Place:
    server = psycopg.conninfo.make_conninfo(os.environ["DATABASE_URL"], dbname="postgres")
    return sandbox.Place(server, DATABASE, DATABASE, PASSWORD)


class TestWarehouse(SinkContract):
    connector = connector
    settings = Settings(
        slug="warehouse", base_url="postgresql://127.0.0.1:9",
        parameters={"database": DATABASE, "login": DATABASE}, secrets={"password": PASSWORD},
    )  # fmt: skip

    def build(self) -> ASGIApp:
        return sandbox.build(a_place())

    def command(self, number: int) -> Command:
        return invoices(number)

    def refused_command(self) -> Command:
        return invoices(99, fact="invoices", total="a lot")

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

    async def rows(self, statement: str) -> list[Any]:
        place = a_place()
        async with await place.link() as link:
            found = await link.execute(statement.encode())
            return await found.fetchall()

    def test_rows_are_there_as_they_were_told(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            (row,) = await self.rows("SELECT number, total, issued_on::text FROM revops.invoices")
            assert row == ("INV-1", 108_000, "2026-11-03")
            held = (await sandbox.get("/_control/tables")).json()
            assert held.keys() == {*FACTS, "revops_loads"}
            assert (held["invoices"], held["revops_loads"]) == (1, 1)

        self.run(story)

    def test_a_newer_row_stays_whatever_comes_later(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            later = "2026-11-04T00:00:00+00:00"
            newer = replace(invoices(1, state="paid", changed_at=later), key="rc1-newer")
            for command in (newer, invoices(1)):
                assert (await self.send_one(client, command)).outcome is Outcome.OK
            assert await self.rows("SELECT state FROM revops.invoices") == [("paid",)]

        self.run(story)

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
            assert await self.rows("SELECT count(*) FROM revops.invoices") == [(2,)]

        self.run(story)

    def test_other_rows_under_our_key_are_refused(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            receipt = await self.send_one(client, invoices(1, total=1))
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "content_differs")
            assert await self.rows("SELECT total FROM revops.invoices") == [(108_000,)]

        self.run(story)

    def test_one_bad_row_keeps_none_of_its_load(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            good, bad = invoices(1), invoices(2, issued_on="soon")
            rows = [*good.payload["rows"], *bad.payload["rows"]]
            both = replace(good, payload={**good.payload, "rows": rows})
            assert (await self.send_one(client, both)).outcome is Outcome.REFUSED
            assert (await self.send_one(client, invoices(3))).outcome is Outcome.OK
            assert await self.rows("SELECT id FROM revops.invoices") == [(3,)]

        self.run(story)

    def test_a_column_that_is_new_is_added_to_what_is_there(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            await self.do("ALTER TABLE revops.invoices DROP COLUMN credited")
            await self.send_one(client, invoices(2, credited=5))
            assert await self.rows(
                "SELECT id, credited FROM revops.invoices ORDER BY id"
            ) == [(1, None), (2, 5)]  # fmt: skip

        self.run(story)

    async def do(self, statement: str) -> None:
        async with await a_place().owner(DATABASE) as link:
            await link.execute(statement.encode())

    def test_a_login_that_may_not_make_tables_is_told_what_is_missing(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.do("CREATE SCHEMA revops")
            steps = await connector.probe(client, self.settings)
            assert [step.passed for step in steps] == [True, False]
            assert "GRANT USAGE, CREATE ON SCHEMA revops" in steps[-1].detail
            assert (await self.send_one(client, invoices(1))).outcome is Outcome.AUTH

        self.run(story)
