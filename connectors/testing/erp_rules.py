"""What every ERP refuses, whom it calls one customer, and which postings make one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import httpx
import pytest

from connectors.commands import by_hand
from connectors.contract import Command, Outcome
from connectors.http import Client
from connectors.postings import INVOICE, JOURNAL, POSTINGS
from connectors.testing.books import line
from connectors.testing.erp_lists import ErpListContract


class ErpRulesContract(ErpListContract):
    """A part of ErpContract, whose words stand there."""

    # Whether it knows a customer by other ids than the one that it was made with.
    other_ids: ClassVar[bool] = True

    def unfit(self) -> Mapping[str, Command]:
        """What is refused before anything is written, by the code that says why."""
        bare = [line(self.books.receivable, debit=5), line(self.books.revenue, credit=5)]
        cash = [line(self.books.bank, debit=5), line(self.books.revenue, credit=5)]
        return {
            "party_missing": self.books.command(INVOICE, 71, bare),
            "receivable_missing": self.books.command(INVOICE, 72, cash),
        }

    def test_refuses_in_words_what_does_not_fit_and_keeps_nothing_of_it(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for code, command in self.unfit().items():
                receipt = await self.send_one(client, command)
                assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, code), receipt
                assert len(receipt.reason.split()) > 4
                assert not receipt.drafted_id
                answer = await sandbox.get("/_control/documents", params={"key": command.key})
                assert answer.json() == []

        self.run(story)

    def test_a_foreign_journal_is_posted_in_the_currency_of_the_books(self) -> None:
        books = self.books
        lines = [
            line(books.bank, debit=1100, document_amount=1000),
            line(books.revenue, credit=1100, document_amount=-1000),
        ]
        command = books.command(JOURNAL, 1, lines, document_currency="EUR")

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            assert (await self.send_one(client, command)).outcome is Outcome.OK
            answer = await sandbox.get("/_control/documents", params={"key": command.key})
            (held,) = answer.json()
            assert held["lines"] == {books.bank: 1100, books.revenue: -1100}
            (row,) = [one for one in await self.listed(client, "journal") if one.key == command.key]
            assert row.currency == books.currency

        self.run(story)

    def test_any_of_a_customers_ids_names_the_one_that_was_made(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            asked = self.books.customer(7, other_ids=["cus_1", "0015g00000 Acme!"], tax_id="DE1362")
            assert (await self.send_one(client, asked)).outcome is Outcome.OK
            known = len(await self.listed(client, "customer"))
            assert (await self.send_one(client, self.books.invoice(1))).outcome is Outcome.OK
            assert len(await self.listed(client, "customer")) == known

        if self.other_ids:
            self.run(story)

    def test_a_posting_names_whom_it_was_told_of_before_billing_knew_them(self) -> None:
        sold = ("PTY-7", "0015g00000 Acme!")

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            asked = self.books.customer(7, customer_id=sold[0], other_ids=[sold[1]])
            made = await self.send_one(client, asked)
            assert made.outcome is Outcome.OK, made
            known = len(await self.listed(client, "customer"))
            for number, kind in enumerate(POSTINGS, 1):
                posting = knowing(self.books.posting(kind, number), *sold)
                receipt = await self.send_one(client, posting)
                assert receipt.outcome is Outcome.OK, (kind, receipt)
            assert len(await self.listed(client, "customer")) == known
            billed = self.books.customer(
                7, revision=2, customer_id=sold[0], other_ids=[sold[1], "cus_1"]
            )
            again = await self.send_one(client, billed)
            assert again.outcome in (Outcome.OK, Outcome.ALREADY_DONE), again
            assert again.external_id == made.external_id
            assert len(await self.listed(client, "customer")) == known

        self.run(story)

    def _invoice_of(self, customer: str) -> Command:
        books = self.books
        lines = [line(books.receivable, debit=5, customer=customer), line(books.revenue, credit=5)]
        return books.command(INVOICE, 4, lines)

    def test_postings_of_one_batch_make_a_customer_of_several_ids_once(self) -> None:
        postings = [
            knowing(self.books.invoice(1), "PTY-7", "cus_2"),
            knowing(self._invoice_of("cus_2"), "PTY-7", "cus_1"),
        ]

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            known = len(await self.listed(client, "customer"))
            receipts = await self.connector.send(client, self.settings, postings)
            assert [one.outcome for one in receipts] == [Outcome.OK] * 2, receipts
            assert len(await self.listed(client, "customer")) == known + 1

        self.run(story)

    def test_a_postings_own_id_of_its_customer_counts_before_all_others(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for number in (1, 2, 3):
                await self.send_one(client, self.books.customer(number))
            known = len(await self.listed(client, "customer"))
            receipt = await self.send_one(client, knowing(self.books.invoice(1), "cus_2", "cus_3"))
            assert receipt.outcome is Outcome.OK, receipt
            assert len(await self.listed(client, "customer")) == known
            (row,) = await self.listed(client, "invoice")
            one = next(
                one for one in await self.listed(client, "customer") if one.party == "Customer 1"
            )
            assert row.party in (one.party, one.number)

        self.run(story)

    def test_a_posting_of_what_may_be_two_customers_is_left_to_a_person(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for number in (2, 3):
                await self.send_one(client, self.books.customer(number))
            known = len(await self.listed(client, "customer"))
            doubtful = knowing(self.books.invoice(1), "cus_2", "cus_3")
            sound = self._invoice_of("cus_2")
            receipt = await self.send_one(client, doubtful)
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "party_ambiguous")
            assert len(receipt.reason.split()) > 4
            answer = await sandbox.get("/_control/documents", params={"key": doubtful.key})
            assert answer.json() == []
            told = await self.connector.send(client, self.settings, [doubtful, sound])
            assert [one.outcome for one in told] == [Outcome.REFUSED, Outcome.OK], told
            assert len(await self.listed(client, "customer")) == known

        self.run(story)

    def test_a_customer_that_needs_no_change_is_done_or_found_by_its_key(self) -> None:
        """*Already done* is looked up before it is believed: without a key that never ends."""
        first = self.books.customer(7)

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for command in (first, first, self.books.customer(7, revision=2)):
                receipt = await self.send_one(client, command)
                if receipt.outcome is not Outcome.OK:
                    assert receipt.outcome is Outcome.ALREADY_DONE, receipt
                    found = await self.connector.find(client, self.settings, [command.key])
                    assert [one.external_id for one in found[command.key]] == [receipt.external_id]

        self.run(story)

    def test_further_ids_count_where_a_customer_is_not_there_under_the_others(self) -> None:
        """What it was called before it was merged, say: nobody is asked about what is settled."""

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            first = await self.send_one(client, self.books.customer(1))
            known = len(await self.listed(client, "customer"))
            merged = self.books.customer(
                5, customer_id="PTY-5", other_ids=["cus_8"], further_ids=["cus_1"]
            )
            receipt = await self.send_one(client, merged)
            assert receipt.outcome is Outcome.OK, receipt
            assert receipt.external_id == first.external_id
            assert len(await self.listed(client, "customer")) == known
            second = await self.send_one(client, self.books.customer(2))
            kept = self.books.customer(2, revision=2, name="Renamed", further_ids=["cus_1"])
            assert (await self.send_one(client, kept)).external_id == second.external_id
            doubtful = self.books.customer(6, further_ids=["cus_1", "cus_2"])
            receipt = await self.send_one(client, doubtful)
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "party_ambiguous")

        self.run(story)

    def test_ids_of_two_customers_are_left_to_a_person(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for number in (1, 2):
                await self.send_one(client, self.books.customer(number))
            both = self.books.customer(3, other_ids=["cus_1", "cus_2"])
            receipt = await self.send_one(client, both)
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "party_ambiguous")
            assert len(receipt.reason.split()) > 4

        self.run(story)

    def test_another_customer_under_a_key_is_a_conflict(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, self.books.customer(1))
            receipt = await self.send_one(client, self.books.customer(1, name="Another"))
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "conflict")

        if not self.keyless_customers:
            self.run(story)

    @pytest.mark.parametrize("kind", POSTINGS)
    def test_its_manifest_says_which_postings_make_their_customer(self, kind: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            assert (await self.send_one(client, self.books.posting(kind, 1))).outcome is Outcome.OK
            makes = kind in self.connector.manifest.makes_customers
            assert bool(await self.listed(client, "customer")) is makes

        self.run(story)


def knowing(command: Command, *other_ids: str) -> Command:
    """A posting that names its customer's ids in other systems as well."""
    lines = [
        {**one, "customer": one["customer"] and {**one["customer"], "other_ids": [*other_ids]}}
        for one in command.payload["lines"]
    ]
    return by_hand(command.kind, command.key, {**command.payload, "lines": lines})
