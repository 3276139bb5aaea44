"""What every ERP promises: the journal that was asked for, once, or a refusal that says why."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

import httpx
import pytest

from connectors.contract import Command, Outcome
from connectors.http import Client
from connectors.postings import CUSTOMER, INVOICE, JOURNAL, POSTINGS
from connectors.testing.books import amounts, line
from connectors.testing.common import impatient
from connectors.testing.erp_rules import ErpRulesContract

_DONE: Final = (Outcome.OK, Outcome.ALREADY_DONE)
_LISTS: Final = frozenset({"journal", "invoice", "customer", "account", "period"})
_SOON_S: Final = 3.0

Held = Mapping[str, Any]


class ErpContract(ErpRulesContract):
    """
    The five commands of an ERP and what it lists. ``books`` says which books the sandbox holds.

    The switchboard of its sandbox also understands

    * ``POST /_control/periods``: ``{"2026-05": "closed"}`` or ``"open"``, of all companies;
    * ``GET /_control/documents?key=…``: what is held under a key of ours, however the connector
      asks for it: ``[{"external_id", "posted", "lines": {account: minor units, debit positive}}]``;
    * ``GET /_control/totals`` (see SnapshotContract);
    * the faults ``response_lost`` (done, and then a proxy's 504 after ``seconds``) and
      ``late_commit`` (not answered, and done after ``seconds``), both of writes alone, and, where
      the ERP drafts before it posts (``drafts``), ``half_done``: the draft is made and its posting
      turned away with what says *later*.

    ``keyless_customers``: it has no place for a key on a customer, and knows it by our id alone;
    ``applies_credits``: whether a credit memo settles its invoice by itself.

    Lists: a row of ``account`` has its code as ``number``; of ``period`` its first day as ``dated``
    and ``open`` or ``closed`` as ``state``; of ``invoice`` our key where it is ours, and ``due``.
    """

    drafts: ClassVar[bool] = False
    applies_credits: ClassVar[bool] = True

    def command(self, number: int) -> Command:
        return self.books.journal(number)

    def refused_command(self) -> Command:
        return self.unknown_account()

    def unknown_account(self) -> Command:
        lines = [line(self.books.missing, debit=1), line(self.books.revenue, credit=1)]
        return self.books.command(JOURNAL, 99, lines)

    async def documents_held(self, sandbox: httpx.AsyncClient, key: str) -> Sequence[Held]:
        """What the sandbox holds under a key of ours, drafts included."""
        answer = await sandbox.get("/_control/documents", params={"key": key})
        assert answer.status_code == 200, answer.text
        found: list[Held] = answer.json()
        return found

    async def posted(self, sandbox: httpx.AsyncClient, key: str) -> list[Held]:
        return [one for one in await self.documents_held(sandbox, key) if one["posted"]]

    def test_accepts_and_lists_what_an_erp_is_asked_for(self) -> None:
        manifest = self.connector.manifest
        assert set(manifest.accepts) >= {*POSTINGS, CUSTOMER}
        assert set(manifest.lists) >= _LISTS
        assert manifest.can("documents")

    @pytest.mark.parametrize("kind", POSTINGS)
    def test_leads_to_exactly_the_journals_lines(self, kind: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.books.posting(kind, 1)
            receipt = await self.send_one(client, command)
            assert receipt.outcome is Outcome.OK, receipt
            assert receipt.external_id
            assert receipt.external_number
            (held,) = await self.documents_held(sandbox, command.key)
            assert held["posted"]
            assert held["external_id"] == receipt.external_id
            assert held["lines"] == amounts(command)
            found = await self.find_one(client, command)
            assert (found.external_id, found.posted) == (receipt.external_id, True)
            assert found.content_sha256 == self.connector.digest(command.payload)

        self.run(story)

    def test_settles_an_invoice_by_its_credit_memo_and_payment(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            books = self.books
            invoice = books.invoice(1)
            dues, rest = [], 1_299_000 - (108_250 if self.applies_credits else 0)
            for command in (
                invoice,
                books.credit_memo(2, of=invoice),
                books.payment(3, of=invoice, amount=rest),
            ):
                assert (await self.send_one(client, command)).outcome is Outcome.OK, command.kind
                rows = await self.listed(client, "invoice")
                dues.append([row.due for row in rows if row.key == invoice.key])
            assert dues == [[1_299_000], [rest], [0]]

        self.run(story)

    @pytest.mark.parametrize("kind", POSTINGS)
    def test_a_closed_period_is_refused_by_its_code_and_taken_when_it_is_open(
        self, kind: str
    ) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            books = self.books
            await self.send_one(client, books.journal(8))
            await self.close_period(sandbox, books.late_period)
            command = books.posting(kind, 1, accounting_date=books.late_day)
            receipt = await self.send_one(client, command)
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "period_closed"), receipt
            assert len(receipt.reason.split()) > 2
            assert not await self.posted(sandbox, command.key)
            other = books.journal(9)
            assert (await self.send_one(client, other)).outcome in _DONE
            await self.close_period(sandbox, books.late_period, closed=False)
            retried = replace(command, drafted_id=receipt.drafted_id)
            assert (await self.send_one(client, retried)).outcome in _DONE
            assert len(await self.posted(sandbox, command.key)) == 1

        self.run(story)

    def test_says_by_its_code_what_it_refuses_and_keeps_nothing(self) -> None:
        books = self.books
        uneven = [line(books.bank, debit=5), line(books.revenue, credit=4)]
        asked = {
            ("unbalanced",): books.command(JOURNAL, 1, uneven),
            ("account_unknown",): self.unknown_account(),
            ("company_missing",): books.journal(2, legal_entity="NO-SUCH"),
            ("period_missing", "period_closed"): books.journal(3, accounting_date="2051-01-01"),
            ("currency_mismatch", "currency_unknown"): books.journal(
                4, currency="XAF", functional_currency="XAF"
            ),
        }

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for codes, command in asked.items():
                receipt = await self.send_one(client, command)
                assert receipt.outcome is Outcome.REFUSED, (codes, receipt)
                assert receipt.code in codes, receipt
                assert len(receipt.reason.split()) > 2, receipt
                assert not await self.documents_held(sandbox, command.key), codes

        self.run(story)

    @pytest.mark.parametrize("kind", POSTINGS)
    def test_other_content_under_a_posted_key_is_a_conflict(self, kind: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.books.posting(kind, 1)
            await self.send_one(client, command)
            other = self.books.posting(kind, 1, accounting_date=self.books.later_day)
            assert other.key == command.key
            receipt = await self.send_one(client, other)
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "conflict"), receipt
            (held,) = await self.documents_held(sandbox, command.key)
            assert held["lines"] == amounts(command)

        self.run(story)

    @pytest.mark.parametrize("kind", POSTINGS)
    def test_a_lost_answer_is_in_doubt_and_found_and_never_posted_twice(self, kind: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, self.books.posting(kind, 9))  # customers and such are there
            command = self.books.posting(kind, 1)
            await self.fault(sandbox, response_lost={"times": 1, "seconds": 0.02})
            receipt = await self.send_one(client, command)
            assert receipt.outcome is Outcome.IN_DOUBT, receipt
            await self.once(client, sandbox, replace(command, drafted_id=receipt.drafted_id))

        self.run(story)

    @pytest.mark.parametrize("kind", [JOURNAL, INVOICE])
    def test_what_is_committed_late_is_found_and_never_posted_twice(self, kind: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, self.books.posting(kind, 9))  # customers and such are there
            command = self.books.posting(kind, 1)
            await self.fault(sandbox, late_commit={"times": 1, "seconds": 0.6})
            receipt = await self.send_one(impatient(client), command)
            assert receipt.outcome is Outcome.IN_DOUBT, receipt
            async with asyncio.timeout(_SOON_S):
                while not await self.documents_held(sandbox, command.key):
                    await asyncio.sleep(0.02)
            await self.once(client, sandbox, replace(command, drafted_id=receipt.drafted_id))

        self.run(story)

    async def once(self, client: Client, sandbox: httpx.AsyncClient, command: Command) -> None:
        """Asked again, and again: one posted document."""
        for _ in range(2):
            again = await self.send_one(client, command)
            assert again.outcome in _DONE, again
        (held,) = await self.documents_held(sandbox, command.key)
        assert held["posted"]
        assert held["external_id"] == again.external_id
        assert held["lines"] == amounts(command)

    def test_what_is_drafted_is_not_posted_and_is_taken_up(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            command = self.books.journal(1)
            await self.fault(sandbox, half_done=1)
            receipt = await self.send_one(client, command)
            assert receipt.outcome not in _DONE, receipt
            held = await self.documents_held(sandbox, command.key)
            assert [one["posted"] for one in held] == [False]
            found = await self.connector.find(client, self.settings, [command.key])
            assert not [one for one in found.get(command.key, ()) if one.posted]
            assert not [
                row
                for row in await self.listed(client, "journal")
                if row.key == command.key and row.state == "posted"
            ]
            await self.once(client, sandbox, replace(command, drafted_id=receipt.drafted_id))

        if self.drafts:
            self.run(story)

    def test_a_refused_one_does_not_stop_the_others_of_its_batch(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            books = self.books
            await self.close_period(sandbox, books.late_period)
            commands = [
                books.journal(1),
                books.journal(2, accounting_date=books.late_day),
                books.payment(3),
                self.unknown_account(),
                books.journal(5),
            ][: self.connector.manifest.max_batch]
            receipts = await self.connector.send(client, self.settings, commands)
            refused = [receipt.outcome is Outcome.REFUSED for receipt in receipts]
            assert refused == [False, True, False, True, False][: len(commands)], receipts
            for command, no in zip(commands, refused, strict=True):
                assert len(await self.posted(sandbox, command.key)) == (0 if no else 1)

        self.run(story)
