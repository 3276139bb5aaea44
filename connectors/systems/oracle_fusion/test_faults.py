from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final, TypeVar

import httpx
import pytest

from connectors.contract import Command, Outcome, Receipt, Settings
from connectors.http import Client
from connectors.postings import INVOICE, JOURNAL, PAYMENT
from connectors.systems.oracle_fusion import receivables, sandbox
from connectors.systems.oracle_fusion.connector import FusionConnector
from connectors.systems.oracle_fusion.test_contract import SETTINGS
from connectors.testing.books import Books, line

T = TypeVar("T")
OK, REFUSED, DONE = Outcome.OK, Outcome.REFUSED, Outcome.ALREADY_DONE
WAITING: Final = Outcome.WORKING
BOOKS: Final = Books()


class Desk:
    """A connector at work on a fresh sandbox."""

    def __init__(self, client: Client, door: httpx.AsyncClient, settings: Settings) -> None:
        self.client = client
        self._door = door
        self.settings = settings
        self.connector = FusionConnector()

    async def control(self, what: str, **value: Any) -> Any:
        answer = await self._door.post(f"/_control/{what}", json=value)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def look(self, what: str, **asked: str) -> Any:
        return (await self._door.get(f"/_control/{what}", params=asked)).json()

    async def send(self, *commands: Command) -> list[Receipt]:
        return list(await self.connector.send(self.client, self.settings, commands))

    async def send_one(self, command: Command) -> Receipt:
        (receipt,) = await self.send(command)
        return receipt

    async def uploads(self) -> int:
        return int((await self.look("requests")).get("import", 0))


def play(story: Callable[[Desk], Awaitable[T]], **parameters: Any) -> T:
    async def inside() -> T:
        wire = httpx.ASGITransport(app=sandbox.build())
        settings = replace(SETTINGS, parameters={**SETTINGS.parameters, **parameters})
        async with (
            Client(settings.base_url, hosts=(), allow_loopback=True, transport=wire) as client,
            httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door,
        ):
            return await story(Desk(client, door, settings))

    return asyncio.run(inside())


class TestAnImport:
    def test_that_waits_is_asked_about_by_its_request_and_not_uploaded_again(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1)
            await desk.control("faults", import_waits=True)
            receipt = await desk.send_one(command)
            assert (receipt.outcome, receipt.code) == (WAITING, "importing")
            assert receipt.drafted_id.startswith("request:")
            assert receipt.retry_after
            told = replace(command, drafted_id=receipt.drafted_id)
            again = await desk.send_one(told)
            assert (again.outcome, again.drafted_id) == (WAITING, receipt.drafted_id)
            assert (await desk.control("imports", work=True))["done"] == 1
            assert (await desk.send_one(told)).outcome is OK
            assert (await desk.send_one(told)).outcome is DONE
            assert await desk.uploads() == 1

        play(story)

    def test_is_posted_with_the_others_of_its_batch_by_one_request(self) -> None:
        async def story(desk: Desk) -> None:
            receipts = await desk.send(*(BOOKS.journal(number) for number in range(1, 5)))
            assert [receipt.outcome for receipt in receipts] == [OK] * 4
            asked = await desk.look("requests")
            assert (asked["import"], asked["post"]) == (4, 1)

        play(story)

    def test_that_waits_does_not_hold_up_those_after_it(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("faults", import_waits=True)
            journal, invoice = await desk.send(BOOKS.journal(1), BOOKS.invoice(2))
            assert (journal.outcome, invoice.outcome) == (WAITING, OK)

        play(story)

    def test_that_ended_well_and_did_nothing_is_no_posting(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("faults", wrong_account=True)
            receipt = await desk.send_one(BOOKS.journal(1))
            assert (receipt.outcome, receipt.code) == (REFUSED, "nothing_imported")
            assert "UCM account" in receipt.reason
            await desk.control("faults", wrong_account=False)
            assert (await desk.send_one(BOOKS.journal(1))).outcome is OK

        play(story)

    def test_that_was_rejected_says_why_in_its_log(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.control("faults", import_waits=True)
            late = BOOKS.journal(1, accounting_date=BOOKS.late_day)
            sent = [late, BOOKS.journal(2)]
            told = [
                replace(command, drafted_id=receipt.drafted_id)
                for command, receipt in zip(sent, await desk.send(*sent), strict=True)
            ]
            await desk.control("periods", **{BOOKS.late_period: "closed"})
            await desk.control("imports", work=True)
            # Another process, which reads the periods now.
            desk.connector = FusionConnector()
            refused, done = await desk.send(*told)
            assert (refused.outcome, refused.code) == (REFUSED, "period_closed")
            assert "EP01" in refused.reason
            assert done.outcome is OK
            await desk.control("periods", **{BOOKS.late_period: "open"})
            await desk.control("faults", import_waits=False)
            assert (await desk.send_one(late)).outcome is OK

        play(story)

    def test_stays_known_whatever_goes_wrong_while_it_waits(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1, accounting_date=BOOKS.late_day)
            await desk.control("faults", import_waits=True)
            receipt = await desk.send_one(command)
            told = replace(command, drafted_id=receipt.drafted_id)

            await desk.control("faults", maintenance=True)
            down = await desk.send_one(told)
            assert (down.outcome, down.code, down.retry_after) == (
                Outcome.THROTTLED,
                "maintenance",
                900,
            )
            assert down.drafted_id == receipt.drafted_id
            await desk.control("faults", maintenance=False)

            settings, desk.settings = desk.settings, Settings("oracle_fusion", "https://x")
            wrong = await desk.send_one(told)
            assert (wrong.outcome, wrong.code) == (REFUSED, "parameter")
            assert wrong.drafted_id == receipt.drafted_id
            desk.settings = settings

            # Closed once it was imported: the books hold it, whatever may be posted now.
            await desk.control("imports", work=True)
            await desk.control("posting", all=True)
            await desk.control("periods", **{BOOKS.late_period: "closed"})
            desk.connector = FusionConnector()
            assert (await desk.send_one(told)).outcome is DONE
            assert await desk.uploads() == 1

        play(story)

    def test_is_not_posted_before_its_batch_is(self) -> None:
        async def story(desk: Desk) -> None:
            command = BOOKS.journal(1)
            receipt = await desk.send_one(command)
            assert (receipt.outcome, receipt.code) == (WAITING, "unposted")
            found = await desk.connector.find(desk.client, desk.settings, [command.key])
            assert [one.posted for one in found[command.key]] == [False]
            told = replace(command, drafted_id=receipt.drafted_id)
            assert (await desk.send_one(told)).code == "unposted"
            await desk.control("posting", all=True)
            assert (await desk.send_one(told)).outcome is DONE
            assert await desk.uploads() == 1

        play(story, autopost_criteria="")


class TestWhatDoesNotFit:
    def test_is_refused_in_words_before_anything_is_sent(self) -> None:
        fee = [
            line("1050", debit=900),
            line("6100", debit=100),
            line("1100", credit=1000, customer="cus_1"),
        ]
        cash = [line("2400", debit=1000), line("1100", credit=1000, customer="cus_1")]
        asked = {
            "document_unfit": BOOKS.command(PAYMENT, 1, fee),
            "receipt_method_missing": BOOKS.command(PAYMENT, 2, cash),
            "receivable_missing": BOOKS.command(
                INVOICE, 3, [line("1000", debit=5), line("4000", credit=5)]
            ),
            "party_missing": BOOKS.command(
                INVOICE, 4, [line("1100", debit=5), line("4000", credit=5)]
            ),
            "currency_mismatch": BOOKS.invoice(5, document_currency="EUR"),
            "company_missing": BOOKS.journal(6, legal_entity="FR-SAS"),
            "period_missing": BOOKS.journal(7, accounting_date="2019-01-31"),
        }

        async def story(desk: Desk) -> None:
            for code, command in asked.items():
                receipt = await desk.send_one(command)
                assert (receipt.outcome, receipt.code) == (REFUSED, code), receipt
                assert len(receipt.reason.split()) > 4
            assert set(await desk.look("requests")) == {"search"}

        play(story)

    def test_a_foreign_journal_is_posted_in_the_ledgers_currency_and_says_what_it_was(self) -> None:
        lines = [
            line("1050", debit=1100) | {"document_amount": 1000},
            line("4000", credit=1100) | {"document_amount": -1000},
        ]
        command = BOOKS.command(JOURNAL, 1, lines, document_currency="EUR")

        async def story(desk: Desk) -> None:
            assert (await desk.send_one(command)).outcome is OK
            (held,) = await desk.look("moves")
            assert held["currency"] == "USD"
            assert dict(held["lines"]) == {"1050": 1100, "4000": -1100}

        play(story)


class TestDocuments:
    def test_other_content_under_a_key_is_a_conflict(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.send_one(BOOKS.invoice(1))
            receipt = await desk.send_one(BOOKS.invoice(1, accounting_date=BOOKS.later_day))
            assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
            assert (await desk.look("requests"))["document"] == 1

        play(story)

    def test_a_number_that_somebody_else_gave_is_not_taken_for_ours(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(receivables, "number", lambda key: "RC1")

        async def story(desk: Desk) -> None:
            assert (await desk.send_one(BOOKS.invoice(1))).outcome is OK
            receipt = await desk.send_one(BOOKS.invoice(2))
            assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
            assert (await desk.look("requests"))["document"] == 2

        play(story)

    def test_what_fusion_refuses_stops_nothing_after_it(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.send_one(BOOKS.journal(1))
            # The connector has read the accounts before.
            await desk.control("scenario/close_accounts", accounts=["2300"])
            lines = [line("1050", debit=5), line("4000", credit=5)]
            refused, wrong, good = await desk.send(
                BOOKS.invoice(2), BOOKS.journal(3), BOOKS.command(JOURNAL, 4, lines)
            )
            assert (refused.outcome, refused.code) == (REFUSED, "account_unknown")
            assert (wrong.outcome, wrong.code) == (REFUSED, "account_unknown")
            assert "EF04" in wrong.reason
            assert good.outcome is OK

        play(story)


class TestCustomers:
    def test_any_of_its_ids_names_the_one_that_was_made(self) -> None:
        async def story(desk: Desk) -> None:
            asked = BOOKS.customer(7, other_ids=["cus_1", "0015g00000 Acme!"], tax_id="DE1362")
            receipt = await desk.send_one(asked)
            assert receipt.outcome is OK
            assert receipt.external_number
            assert (await desk.send_one(BOOKS.invoice(1))).outcome is OK
            assert (await desk.look(""))["parties"] == 1

        play(story)

    def test_ids_of_two_customers_are_left_to_a_person(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.send(BOOKS.customer(1), BOOKS.customer(2))
            receipt = await desk.send_one(BOOKS.customer(3, other_ids=["cus_1", "cus_2"]))
            assert (receipt.outcome, receipt.code) == (REFUSED, "party_ambiguous")

        play(story)

    def test_other_content_under_a_key_is_refused(self) -> None:
        async def story(desk: Desk) -> None:
            await desk.send_one(BOOKS.customer(1))
            receipt = await desk.send_one(BOOKS.customer(1, name="Another"))
            assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")

        play(story)
