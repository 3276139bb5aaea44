"""What every ERP lists, and what it tells of a document or customer."""

from __future__ import annotations

from typing import ClassVar, Final

import httpx
import pytest

from connectors.contract import Outcome
from connectors.http import Client
from connectors.postings import POSTINGS
from connectors.testing.books import Books, amounts
from connectors.testing.sinks import SinkContract
from connectors.testing.snapshots import SnapshotContract

_DONE: Final = (Outcome.OK, Outcome.ALREADY_DONE)


class ErpListContract(SinkContract, SnapshotContract):
    """A part of ErpContract, whose words stand there."""

    books: ClassVar[Books] = Books()
    days: ClassVar[tuple[str, str]] = ("2026-01-01", "2026-12-31")
    keyless_customers: ClassVar[bool] = False

    async def furnish(self, client: Client, sandbox: httpx.AsyncClient) -> None:
        """Three journals on two days, and of each other kind one, settled as far as it goes."""
        books = self.books
        invoice = books.invoice(10)
        commands = [
            books.customer(1),
            books.journal(1),
            books.journal(2, accounting_date=books.later_day),
            books.journal(3, accounting_date=books.later_day),
            invoice,
            books.credit_memo(11, of=invoice),
            books.payment(12, of=invoice, amount=1_000_000),
        ]
        for command in commands:
            receipt = await self.send_one(client, command)
            assert receipt.outcome is Outcome.OK, (command.kind, receipt)

    async def close_period(
        self, sandbox: httpx.AsyncClient, period: str, *, closed: bool = True
    ) -> None:
        answer = await sandbox.post(
            "/_control/periods", json={period: "closed" if closed else "open"}
        )
        assert answer.status_code == 200, answer.text

    def test_a_customer_is_made_once_and_changed_when_it_changed(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            first = await self.send_one(client, self.books.customer(7))
            again = await self.send_one(client, self.books.customer(7))
            changed = self.books.customer(7, revision=2, name="Acme Renamed")
            renamed = await self.send_one(client, changed)
            assert first.outcome is renamed.outcome is Outcome.OK, (first, renamed)
            assert again.outcome in _DONE
            assert first.external_id == again.external_id == renamed.external_id
            if self.keyless_customers:
                assert await self.connector.find(client, self.settings, [changed.key]) == {}
            else:
                found = await self.find_one(client, changed)
                assert found.content_sha256 == self.connector.digest(changed.payload)
            named = [row.party for row in await self.listed(client, "customer")]
            # In each company that it was wanted in.
            assert "Acme Renamed" in named
            assert "Customer 7" not in named

        self.run(story)

    @pytest.mark.parametrize("kind", POSTINGS)
    def test_tells_a_document_by_its_own_number(self, kind: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.books.posting(kind, 1)
            receipt = await self.send_one(client, command)
            (held,) = await self.connector.documents(
                client,
                self.settings,
                legal_entity=self.books.legal_entity,
                number=receipt.external_number,
            )
            assert (held.external_id, held.posted) == (receipt.external_id, True)
            assert held.dated == command.payload["accounting_date"]
            assert {one.account: one.amount for one in held.lines} == amounts(command)
            assert held.key in ("", command.key)
            none = await self.connector.documents(
                client, self.settings, legal_entity=self.books.legal_entity, number="no-such"
            )
            assert list(none) == []

        self.run(story)

    def test_lists_journals_with_their_accounts_and_our_keys(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            commands = [self.books.posting(kind, number) for number, kind in enumerate(POSTINGS)]
            for command in commands:
                await self.send_one(client, command)
            rows = {row.key: row for row in await self.listed(client, "journal") if row.key}
            for command in commands:
                row = rows[command.key]
                assert row.accounts[self.books.currency] == amounts(command), command.kind
                assert row.entity == self.books.legal_entity
                assert row.dated == command.payload["accounting_date"]

        self.run(story)

    def test_lists_its_accounts_by_their_codes_and_which_periods_are_open(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            books = self.books
            codes = {row.number for row in await self.listed(client, "account")}
            assert codes >= {books.receivable, books.bank, books.revenue, books.tax}
            assert books.missing not in codes
            await self.close_period(sandbox, books.late_period)
            states = {
                row.dated: row.state
                for row in await self.listed(client, "period")
                if row.entity in ("", books.legal_entity)
            }
            assert states[f"{books.late_period}-01"] == "closed"
            assert states[f"{books.day[:7]}-01"] == "open"

        self.run(story)
