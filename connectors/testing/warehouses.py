"""What every warehouse promises of the facts that are loaded into it, and loads to try it with."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import httpx

from connectors import commands
from connectors.contract import Command, Outcome
from connectors.facts import FACTS
from connectors.http import Client
from connectors.loads import JOURNAL, KIND, TABLE
from connectors.testing.sinks import SinkContract
from connectors.testing.snapshots import SnapshotContract


def load(number: int, /, *rows: Mapping[str, Any], fact: str = "invoices") -> Command:
    """Rows as a command, by another key for each number."""
    payload = {"fact": fact, "legal_entity": "US-INC", "rows": [*rows]}
    return commands.by_hand(KIND, f"rc1-load{number:04}", payload)


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


def journals() -> list[Command]:
    """Entries of three days and two currencies, with their lines; the last one is of July."""
    entries, lines = [], []
    for number in range(1, 6):
        common = {
            "legal_entity": "US-INC", "changed_at": f"2026-06-0{number}T10:00:00+00:00",
            "currency": "EUR" if number == 2 else "USD", "functional_currency": "USD",
        }  # fmt: skip
        entries.append(common | {
            "id": number, "document_type": "invoice", "business_key": f"stripe:in_{number}",
            "lane": "primary", "accounting_date": "2026-07-01" if number == 5
            else f"2026-06-{10 + number // 2}", "period": "2026-06", "amount": number * 100,
        })  # fmt: skip
        sides = (("1200", number * 100), ("4000", -number * 90), ("2100", -number * 10))
        lines += [
            common | {"id": number * 10 + place, "entry_id": number, "position": place,
                      "account": account, "amount": amount, "functional_amount": amount}
            for place, (account, amount) in enumerate(sides)
        ]  # fmt: skip
    return [
        load(101, *entries, fact="journal_entries"), load(102, *lines, fact="journal_lines"),
    ]  # fmt: skip


class WarehouseContract(SinkContract, SnapshotContract):
    """Give ``kept`` and ``forget`` as well; its own tests are of its protocol."""

    days = ("2026-06-01", "2026-06-30")

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        receipts = await self.connector.send(client, self.settings, journals())
        assert {one.outcome for one in receipts} == {Outcome.OK}, receipts

    @abstractmethod
    async def kept(
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

    def test_lists_nothing_before_the_first_load(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            assert await self.listed(client, JOURNAL) == []

        self.run(story)

    def test_a_journal_without_its_lines_is_another_amount(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, journals()[0])
            rows = await self.listed(client, JOURNAL)
            assert {(row.key, row.amount) for row in rows} == {
                (f"JE-{number}", 0) for number in range(1, 5)
            }

        self.run(story)

    def test_rows_are_there_as_they_were_told(self) -> None:
        odd = "O'Neil \\ \u201cSöhne\u201d; DROP TABLE x -- ? $$"

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1, number=odd))
            await self.send_one(client, load(2, _line(5, "0.125"), fact="invoice_lines"))
            assert await self.kept(sandbox, "invoices", "number, total, issued_on, due_on") == [
                (odd, 108_000, "2026-11-03", None)
            ]
            assert await self.kept(sandbox, "invoice_lines", "id, quantity") == [(5, "0.125")]
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
            assert await self.kept(sandbox, "invoices", "state") == [("paid",)]

        self.run(story)

    def test_other_rows_under_our_key_are_refused(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            receipt = await self.send_one(client, invoices(1, total=1))
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "content_differs")
            assert await self.kept(sandbox, "invoices", "total") == [(108_000,)]

        self.run(story)

    def test_one_bad_row_keeps_none_of_its_load(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for bad in (row(2, issued_on="soon"), row(1, total=2), row(2, moon="full")):
                receipt = await self.send_one(client, load(1, row(1), bad))
                assert receipt.outcome is Outcome.REFUSED, receipt
            assert (await self.send_one(client, invoices(3))).outcome is Outcome.OK
            assert await self.kept(sandbox, "invoices", "id") == [(3,)]

        self.run(story)

    def test_a_column_that_is_new_is_added_to_what_is_there(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, invoices(1))
            await self.forget(sandbox, "invoices", "credited")
            assert (await self.send_one(client, invoices(2, credited=5))).outcome is Outcome.OK
            assert await self.kept(sandbox, "invoices", "id, credited") == [(1, None), (2, 5)]

        self.run(story)


def _line(number: int, quantity: str) -> dict[str, Any]:
    return {
        "id": number, "legal_entity": "US-INC", "changed_at": "2026-11-03T09:15:00+00:00",
        "invoice_id": 1, "position": 0, "currency": "USD", "quantity": quantity, "amount": 100,
    }  # fmt: skip
