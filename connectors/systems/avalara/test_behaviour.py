"""What is AvaTax's own: what is recorded for what was billed, and what its answers do to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import httpx
import pytest

from connectors.caller import encode
from connectors.contract import Command, Outcome, Receipt
from connectors.http import Client
from connectors.systems.avalara import answers, payloads, sandbox
from connectors.systems.avalara.connector import connector
from connectors.systems.avalara.sandbox.ledger import Ledger
from connectors.systems.avalara.test_contract import SETTINGS, asked
from connectors.testing import LOOPBACK

_KEY: Final = asked(1).key

Story = Callable[[Client, httpx.AsyncClient, Ledger], Awaitable[Any]]


def play(story: Story, **options: Any) -> Any:
    async def run() -> Any:
        app = sandbox.build(sandbox.Config(companies=str(SETTINGS.parameters["companies"])))
        transport = httpx.ASGITransport(app=app)
        async with (
            Client(
                LOOPBACK, hosts=(), allow_loopback=True, transport=transport, **options
            ) as client,
            httpx.AsyncClient(transport=transport, base_url="http://sandbox") as control,
        ):
            return await story(client, control, app.state.sandbox.ledger)

    return asyncio.run(run())


async def send(client: Client, command: Command) -> Receipt:
    (receipt,) = await connector.send(client, SETTINGS, [command])
    return receipt


def voiding(code: str = _KEY) -> Command:
    payload = {"document": "invoice", "legal_entity": "US-INC", "code": code}
    return Command("rc1-" + "v" * 32, payloads.VOID, payload, "", "story-1")


class TestWhatIsRecorded:
    def test_what_billing_charged_stands_beside_what_the_engine_would_have(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await control.post("/_control/faults", json={"rates_changed": True})
            assert (await send(client, asked(1))).outcome is Outcome.OK
            (row,) = ledger.rows.values()
            assert (row["status"], row["totalTax"]) == ("Committed", 103.12)
            page = await connector.poll(client, SETTINGS, cursor="")
            (event,) = connector.translate(connector.open(page.bodies[0]), SETTINGS)
            told = event.model_dump()
            # 9.25 % instead of 8.25 %, on 1,250.01.
            assert (told["total"], told["committed"]) == (11_563, True)
            assert (told["invoice_ref"], told["legal_entity"]) == ("in_1", "US-INC")
            assert [str(tax["rate_percent"]) for tax in told["taxes"]] == ["7.25", "2"]

        play(story)

    def test_a_credit_note_is_a_return_by_the_rules_of_its_invoices_day(self) -> None:
        command = asked(1, document="credit", original_on="2025-12-01")
        wanted = payloads.wanted(payloads.COMMIT, command.payload)
        assert isinstance(wanted, payloads.Commit)
        model = payloads.model(wanted, key=_KEY, company="DEFAULT", tax_codes={"*": "SW054000"})
        assert (model["type"], model["commit"]) == ("ReturnInvoice", False)
        assert model["taxOverride"]["taxDate"] == "2025-12-01"
        line = model["lines"][0]
        assert '"amount":-1200.01,' in encode(line)
        assert '"taxAmount":-99.00,' in encode(line)
        assert line["taxCode"] == "SW054000"

    def test_yen_have_no_fractions(self) -> None:
        wanted = payloads.wanted(payloads.COMMIT, asked(1, currency="JPY").payload)
        assert isinstance(wanted, payloads.Commit)
        model = payloads.model(wanted, key=_KEY, company="DEFAULT", tax_codes={})
        assert model["lines"][1]["amount"] == 5_000

    def test_a_company_that_nobody_named_is_refused_in_words(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            receipt = await send(client, asked(1, legal_entity="JP-KK"))
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "no_company")

        play(story)

    def test_codes_are_written_into_addresses_as_avatax_wants_them(self) -> None:
        assert answers.at("A/B", "100% #1") == (
            "/companies/A_-ava2f-_B/transactions/100_-ava25-_%20_-ava23-_1"
        )


class TestAsking:
    def test_what_was_recorded_and_not_committed_is_committed_by_the_next_call(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await control.post("/_control/faults", json={"commit_failed": 1})
            assert (await send(client, asked(1))).outcome is Outcome.IN_DOUBT
            (found,) = (await connector.find(client, SETTINGS, [_KEY]))[_KEY]
            assert not found.posted
            assert (await send(client, asked(1))).outcome is Outcome.OK
            assert [row["version"] for row in ledger.rows.values()] == [1]

        play(story)

    def test_a_draft_of_other_content_is_replaced(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await control.post("/_control/faults", json={"commit_failed": 1})
            other = replace(asked(2), key=_KEY)
            assert (await send(client, other)).outcome is Outcome.IN_DOUBT
            assert (await send(client, asked(1))).outcome is Outcome.OK
            (row,) = ledger.rows.values()
            assert (row["version"], row["referenceCode"]) == (2, "in_1")

        play(story)

    def test_what_is_committed_with_other_content_is_a_conflict(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await send(client, replace(asked(2), key=_KEY))
            assert (await send(client, asked(1))).code == "conflict"

        play(story)

    def test_a_lost_answer_is_in_doubt_and_then_found(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await control.post("/_control/faults", json={"response_lost": 1})
            assert (await send(client, asked(1))).outcome is Outcome.IN_DOUBT
            assert (await send(client, asked(1))).outcome is Outcome.OK
            assert len(ledger.rows) == 1

        play(story, timeout_s=0.1)

    def test_a_limit_says_how_long(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await control.post("/_control/faults", json={"throttle": True, "retry_after": 9})
            receipt = await send(client, asked(1))
            assert (receipt.outcome, receipt.retry_after) == (Outcome.THROTTLED, 9)

        play(story)


class TestVoiding:
    def test_once_and_for_all(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await send(client, asked(1))
            assert (await send(client, voiding())).outcome is Outcome.OK
            assert (await send(client, voiding())).outcome is Outcome.ALREADY_DONE
            assert await connector.find(client, SETTINGS, [_KEY]) == {}
            assert (await send(client, asked(1))).code == "cancelled"

        play(story)

    def test_what_was_reported_is_for_a_person(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            await send(client, asked(1))
            ledger.lock(_KEY)
            receipt = await send(client, voiding())
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, answers.LOCKED)
            assert "reported" in receipt.reason

        play(story)

    def test_what_is_not_there_is_refused(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            assert (await send(client, voiding("rc1-unknown"))).code == "not_found"

        play(story)


class TestPolling:
    def test_each_company_is_read_page_by_page(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("connectors.systems.avalara.listing.PAGE", 2)

        async def story(client: Client, control: httpx.AsyncClient, ledger: Ledger) -> None:
            for number in range(1, 6):
                entity = "US-WEST" if number > 3 else "US-INC"
                await send(client, asked(number, legal_entity=entity))
            first = await polled(client, "")
            seen = [connector.open(body) for body in first[0]]
            assert sorted(one.object_id for one in seen) == [asked(n).key for n in range(1, 6)]
            events = [event for one in seen for event in connector.translate(one, SETTINGS)]
            assert {event.model_dump()["legal_entity"] for event in events} == {"US-INC", "US-WEST"}
            await send(client, voiding())
            again, _ = await polled(client, first[1])
            (void,) = set(again) - set(first[0])
            (event,) = connector.translate(connector.open(void), SETTINGS)
            assert event.model_dump()["committed"] is False

        play(story)


async def polled(client: Client, cursor: str) -> tuple[list[bytes], str]:
    """All that a poll finds since, and where the next one begins."""
    bodies: list[bytes] = []
    while True:
        page = await connector.poll(client, SETTINGS, cursor=cursor)
        bodies += page.bodies
        cursor = page.cursor
        if not page.more:
            return bodies, cursor
