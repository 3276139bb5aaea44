"""What every warehouse promises of the facts that are loaded into it, and loads to try it with."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from connectors.contract import Command, Outcome
from connectors.facts import FACTS
from connectors.http import Client
from connectors.loads import KIND, TABLE
from connectors.testing.sinks import SinkContract
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps


def load(number: int, /, *rows: Mapping[str, Any], fact: str = "invoices") -> Command:
    """Rows as a command, by another key for each number."""
    payload = {"fact": fact, "legal_entity": "US-INC", "rows": [*rows]}
    return Command(
        key=f"rc1-load{number:04}", kind=KIND, payload=payload,
        payload_sha256=sha256(dumps(payload)), correlation_id="test",
    )  # fmt: skip


def row(number: int, /, **given: Any) -> dict[str, Any]:
    """A row of invoices."""
    return {
        "id": number, "legal_entity": "US-INC", "changed_at": "2026-11-03T09:15:00.25+00:00",
        "source": "stripe", "source_id": f"in_{number}", "customer_id": 7, "due_on": None,
        "number": f"INV-{number}", "currency": "USD", "state": "open", "issued_on": "2026-11-03",
        "net": 100_000, "tax": 8_000, "total": 108_000, "applied": 0, "credited": 0,
    } | given  # fmt: skip


def invoices(number: int, /, **given: Any) -> Command:
    return load(number, row(number, **given))


class WarehouseContract(SinkContract):
    """Give ``held`` and ``forget`` as well; its own tests are of its protocol."""

    @abstractmethod
    async def held(
        self, sandbox: httpx.AsyncClient, table: str, columns: str
    ) -> Sequence[tuple[Any, ...]]:
        """What the sandbox's table holds of these columns, by id; days and instants as texts."""

    @abstractmethod
    async def forget(self, sandbox: httpx.AsyncClient, table: str, column: str) -> None:
        """As if the table had been made before the column was thought of."""

    def command(self, number: int) -> Command:
        return invoices(number)

    def refused_command(self) -> Command:
        return invoices(99, total="a lot")

    def test_rows_are_there_as_they_were_told(self) -> None:
        odd = "O'Neil \\ \u201cSöhne\u201d; DROP TABLE x -- ? $$"

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1, number=odd))
            await self.send_one(client, load(2, _line(5, "0.125"), fact="invoice_lines"))
            assert await self.held(sandbox, "invoices", "number, total, issued_on, due_on") == [
                (odd, 108_000, "2026-11-03", None)
            ]
            assert await self.held(sandbox, "invoice_lines", "id, quantity") == [(5, "0.125")]
            counts = (await sandbox.get("/_control/tables")).json()
            assert counts.keys() <= {*FACTS, TABLE}
            assert [counts[one] for one in ("invoices", "invoice_lines", TABLE)] == [1, 1, 2]

        self.run(story)

    def test_a_newer_row_stays_whatever_comes_later(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            # An hour later, told in another zone.
            later = "2026-11-03T06:15:00.25-04:00"
            newer = replace(invoices(1, state="paid", changed_at=later), key="rc1-newer")
            for command in (newer, invoices(1)):
                assert (await self.send_one(client, command)).outcome is Outcome.OK
            assert await self.held(sandbox, "invoices", "state") == [("paid",)]

        self.run(story)

    def test_other_rows_under_our_key_are_refused(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            receipt = await self.send_one(client, invoices(1, total=1))
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "content_differs")
            assert await self.held(sandbox, "invoices", "total") == [(108_000,)]

        self.run(story)

    def test_one_bad_row_keeps_none_of_its_load(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for bad in (row(2, issued_on="soon"), row(1, total=2), row(2, moon="full")):
                receipt = await self.send_one(client, load(1, row(1), bad))
                assert receipt.outcome is Outcome.REFUSED, receipt
            assert (await self.send_one(client, invoices(3))).outcome is Outcome.OK
            assert await self.held(sandbox, "invoices", "id") == [(3,)]

        self.run(story)

    def test_a_column_that_is_new_is_added_to_what_is_there(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            await self.forget(sandbox, "invoices", "credited")
            assert (await self.send_one(client, invoices(2, credited=5))).outcome is Outcome.OK
            assert await self.held(sandbox, "invoices", "id, credited") == [(1, None), (2, 5)]

        self.run(story)


def _line(number: int, quantity: str) -> dict[str, Any]:
    return {
        "id": number, "legal_entity": "US-INC", "changed_at": "2026-11-03T09:15:00+00:00",
        "invoice_id": 1, "position": 0, "currency": "USD", "quantity": quantity, "amount": 100,
    }  # fmt: skip
