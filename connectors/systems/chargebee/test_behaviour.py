"""What is Chargebee's own: what its documents mean, and what its answers do to a request."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from starlette.applications import Starlette

from connectors import billing
from connectors.contract import Command, NeedsFetch, Outcome, PayloadUnreadable, Receipt, Settings
from connectors.http import Client
from connectors.systems.chargebee import lines, sandbox
from connectors.systems.chargebee.connector import connector
from connectors.systems.chargebee.sandbox.business import Business
from connectors.testing import LOOPBACK
from revops.contracts.base import EventData

_SETTINGS: Final = Settings(
    slug="chargebee", base_url=LOOPBACK, secrets={"api_key": sandbox.API_KEY}, zone="UTC"
)
_KEY: Final = "rc1-" + "k" * 32
_T: Final = 1_767_225_600  # 2026-01-01T00:00Z

Story = Callable[[Client, httpx.AsyncClient, Business], Awaitable[Any]]


def play(story: Story, **options: Any) -> Any:
    async def run() -> Any:
        app: Starlette = sandbox.build()
        wire = httpx.ASGITransport(app=app)
        async with (
            Client(LOOPBACK, hosts=(), allow_loopback=True, transport=wire, **options) as client,
            httpx.AsyncClient(transport=wire, base_url="http://sandbox") as control,
        ):
            return await story(client, control, app.state.sandbox.business)

    return asyncio.run(run())


def told(event: Mapping[str, Any], **parameters: Any) -> Sequence[EventData]:
    settings = replace(_SETTINGS, parameters=parameters)
    return connector.translate(connector.open(json.dumps(event).encode()), settings)


def fixture(name: str) -> dict[str, Any]:
    path = Path(__file__).parent / "fixtures" / f"{name}.json"
    body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return body


def charge(business: Business) -> Command:
    business.item_price(id="growth-USD", price=100_000)
    who = business.create_customer(company="Ash")["id"]
    running = business.subscribe(who, items=[("growth-USD", 1)], pays=None)
    payload = {
        "customer_id": who,
        "subscription_id": running["id"],
        "currency": "USD",
        "amount": 12_345,
        "description": "API calls",
        "sku": "calls-USD",
        "usage_ref": "rated-7-1",
        "period": {"start": "2026-01-01", "end": "2026-01-31"},
    }
    return asked(billing.INVOICE_ITEM, payload)


def asked(kind: str, payload: Mapping[str, Any]) -> Command:
    return Command(_KEY, kind, payload, "", "story-1")


async def send(client: Client, command: Command) -> Receipt:
    (receipt,) = await connector.send(client, _SETTINGS, [command])
    return receipt


class TestDocuments:
    def test_inclusive_tax_rounding_and_promotional_credits_leave_net_lines(self) -> None:
        (issued,) = told(fixture("invoice_generated__inclusive_tax_and_promotional_credits"))
        line, rounding = issued.model_dump()["lines"]
        # 1,190.00 with 190.00 of VAT, less 119.00 of promotional credits, and 0.02 rounded up.
        assert (line["amount"], line["taxes"][0]["amount"]) == (88_100, 19_000)
        assert line["taxes"][0]["inclusive"] is True
        assert (rounding["sku"], rounding["amount"]) == (lines.ROUNDING, 2)

    def test_calendar_billing_ends_with_the_last_second_of_the_last_day(self) -> None:
        (issued,) = told(fixture("invoice_generated__inclusive_tax_and_promotional_credits"))
        period = issued.model_dump(mode="json")["lines"][0]["service_period"]
        assert period == {"start": "2026-01-01", "end": "2026-01-31"}

    def test_what_we_billed_comes_back_with_its_usage_and_price(self) -> None:
        (issued,) = told(fixture("invoice_generated__with_tax_discount_and_usage"))
        plan, usage = issued.model_dump()["lines"]
        assert (usage["usage_ref"], usage["sku"]) == ("rated-7-1", "calls-USD")
        assert (plan["amount"], plan["sku"]) == (1_872_000, "growth-USD-yearly")

    def test_an_invoice_that_does_not_add_up_is_refused(self) -> None:
        event = fixture("invoice_generated__with_tax_discount_and_usage")
        event["content"]["invoice"]["total"] += 1
        with pytest.raises(ValueError, match="add up"):
            told(event)

    def test_a_business_entity_is_the_legal_entity_that_the_connection_says(self) -> None:
        event = fixture("invoice_generated__with_tax_discount_and_usage")
        (issued,) = told(event, business_entities="be_us=US-INC, be_de=DE-GMBH")
        assert issued.model_dump()["legal_entity"] == "US-INC"

    def test_a_payment_kept_in_part_is_refused_in_words(self) -> None:
        event = fixture("payment_succeeded__one_invoice")
        event["content"]["transaction"]["linked_invoices"][0]["applied_amount"] -= 1
        with pytest.raises(PayloadUnreadable, match="kept in part"):
            told(event)

    def test_a_note_that_is_paid_back_in_part_is_refused_in_words(self) -> None:
        event = fixture("credit_note_created__refunded")
        event["content"]["credit_note"]["linked_refunds"][0]["applied_amount"] -= 1
        with pytest.raises(PayloadUnreadable, match="one note for each"):
            told(event)

    def test_a_write_off_taken_back_is_for_a_person(self) -> None:
        event = fixture("credit_note_created__write_off")
        event["content"]["credit_note"]["status"] = "voided"
        with pytest.raises(PayloadUnreadable, match="owed again"):
            told(event)

    def test_daily_prices_are_refused(self) -> None:
        event = fixture("item_price_created__yearly")
        event["content"]["item_price"]["period_unit"] = "day"
        with pytest.raises(PayloadUnreadable, match="counts in months"):
            told(event)


class TestReading:
    def test_everything_that_the_sandbox_tells_is_understood(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> Any:
            plays: Sequence[tuple[str, dict[str, Any]]] = (
                ("customers", {"count": 2, "declined": 1, "entity": "be_us", "account": "001A"}),
                ("pay", {}), ("seats", {}), ("renew", {}), ("pause", {}), ("resume", {}),
                ("credit", {"amount": 5_000}), ("renew", {}), ("refund", {}), ("ach_return", {}),
                ("issue", {}), ("overdue", {}), ("write_off", {}), ("issue", {}), ("void", {}),
                ("cancel", {}),
            )  # fmt: skip
            for name, given in plays:
                answer = await control.post(f"/_control/scenario/{name}", json=given)
                assert answer.status_code == 200, f"{name}: {answer.text}"
            page = await connector.poll(client, _SETTINGS, cursor="")
            return [connector.open(body) for body in page.bodies]

        found: set[str] = set()
        for envelope in play(story):
            events = connector.translate(envelope, _SETTINGS)
            assert bool(events) != bool(envelope.ignored), envelope.type
            found |= {event.contract for event in events}
        missing = set(connector.manifest.emits) - found
        # Of these there is no story here; fixtures and test_entitlements.py tell them.
        assert missing == {
            "customer.updated/1", "subscription.upgraded/1", "subscription.downgraded/1",
            "subscription.seats_changed/1", "credit.voided/1",
            "entitlement.granted/1", "entitlement.revoked/1",
        }  # fmt: skip

    def test_a_long_invoice_is_asked_for_and_read_whole(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> Any:
            await control.post("/_control/scenario/customers", json={"at": _T})
            await control.post("/_control/scenario/issue", json={"lines": 23, "at": _T})
            page = await connector.poll(client, _SETTINGS, cursor=json.dumps([_T - 1, 0, ""]))
            short = connector.open(page.bodies[-1])
            with pytest.raises(NeedsFetch):
                connector.translate(short, _SETTINGS)
            body = await connector.fetch(client, _SETTINGS, short.object_type, short.object_id)
            assert body is not None
            return short, connector.open(body)

        short, whole = play(story)
        (issued, *_) = connector.translate(whole, _SETTINGS)
        assert len(issued.model_dump()["lines"]) == 23
        assert whole.object_version > short.object_version

    def test_what_is_gone_is_none(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> Any:
            return await connector.fetch(client, _SETTINGS, "invoice", "CB-unknown")

        assert play(story) is None

    def test_a_poll_goes_from_page_to_page_and_overlaps(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> None:
            await control.post("/_control/scenario/customers", json={"count": 30, "at": _T})
            cursor, seen, more = json.dumps([_T - 1, 0, ""]), [], True
            while more:
                page = await connector.poll(client, _SETTINGS, cursor=cursor)
                seen += [connector.open(body).event_id for body in page.bodies]
                cursor, more = page.cursor, page.more
            assert len(seen) == len(set(seen)) > 100
            again = await connector.poll(client, _SETTINGS, cursor=cursor)
            assert {connector.open(body).event_id for body in again.bodies} <= set(seen)

        play(story)


class TestAsking:
    @pytest.mark.parametrize(
        ("fault", "outcome", "code"),
        [
            ({"locked": 1}, Outcome.TRANSIENT, "lock_timeout"),
            ({"failed": 1}, Outcome.IN_DOUBT, "internal_error"),
            ({"throttle": {"times": 1, "on": "write"}}, Outcome.THROTTLED,
             "api_request_limit_exceeded"),
        ],
    )  # fmt: skip
    def test_an_answer_says_what_became_of_it(
        self, fault: dict[str, Any], outcome: Outcome, code: str
    ) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> None:
            command = charge(business)
            await control.post("/_control/faults", json={**fault, "retry_after": 9})
            receipt = await send(client, command)
            assert (receipt.outcome, receipt.code) == (outcome, code)
            assert receipt.retry_after == (9 if outcome is Outcome.THROTTLED else None)
            assert (await send(client, command)).outcome is Outcome.OK

        play(story)

    def test_within_its_window_chargebee_repeats_its_answer(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> None:
            command = charge(business)
            first = await send(client, command)
            # The list does not show it, as when it is read from a copy that is late.
            business.world.held["unbilled_charge"].clear()
            again = await send(client, command)
            assert again.outcome is Outcome.ALREADY_DONE
            assert again.external_id == first.external_id
            other = replace(command, payload={**command.payload, "amount": 99})
            assert (await send(client, other)).code == "conflict"

        play(story)

    def test_a_charge_is_found_on_the_invoice_that_it_became_part_of(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> None:
            command = charge(business)
            await send(client, command)
            invoice = business.renew(command.payload["subscription_id"], pays=None)
            (found,) = (await connector.find(client, _SETTINGS, [_KEY]))[_KEY]
            assert found.external_id == invoice["line_items"][-1]["id"]
            assert found.content_sha256 == connector.digest(command.payload)

        play(story)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"amount": -5}, "amount_unfit"),
            ({"subscription_id": ""}, "no_subscription"),
            ({"amount": "much"}, "refused"),
        ],
    )
    def test_what_chargebee_cannot_bill_is_refused_before_it_is_asked(
        self, change: dict[str, Any], code: str
    ) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> None:
            command = charge(business)
            receipt = await send(client, replace(command, payload={**command.payload, **change}))
            assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, code)

        play(story)

    def test_a_credit_note_fits_the_state_of_its_invoice_and_can_be_taken_back(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> None:
            charge(business)
            invoice = business.world.latest("invoice")
            line = {"invoice_line_id": invoice["line_items"][0]["id"], "amount": 100}
            payload = {
                "invoice_id": invoice["id"], "currency": "USD", "lines": [line],
                "credit_type": "goodwill", "settles": "balance",
            }  # fmt: skip
            kind = billing.CREDIT_NOTE
            assert (await send(client, asked(kind, payload))).code == "invoice_state"
            refunded = payload | {"settles": "refund"}
            assert (await send(client, asked(kind, refunded))).code == "refund_by_hand"
            unknown = payload | {"credit_type": "gift"}
            assert (await send(client, asked(kind, unknown))).code == "reason_missing"
            fits = payload | {"settles": "invoice"}
            invoice["price_type"] = "tax_inclusive"
            assert (await send(client, asked(kind, fits))).code == "tax_inclusive"
            invoice["price_type"] = "tax_exclusive"
            made = await send(client, asked(kind, fits))
            assert made.outcome is Outcome.OK
            void = replace(
                asked(billing.CREDIT_NOTE_VOID, {"credit_note_id": made.external_id}),
                key="rc1-" + "v" * 32,
            )
            assert (await send(client, void)).outcome is Outcome.OK
            assert (await send(client, void)).outcome is Outcome.ALREADY_DONE
            gone = asked(billing.CREDIT_NOTE_VOID, {"credit_note_id": "CBN-unknown"})
            assert (await send(client, gone)).outcome is Outcome.REFUSED

        play(story)


class TestLists:
    def test_tell_an_invoices_tax_as_its_event_does(self) -> None:
        async def story(client: Client, control: httpx.AsyncClient, business: Business) -> None:
            await control.post("/_control/scenario/customers", json={"tax_rate": "10"})
            rows, _ = await connector.snapshot(
                client, _SETTINGS, kind="invoice", start="2000-01-01", end="2100-01-01", cursor=""
            )
            assert [(row.amount, row.tax) for row in rows] == [(1_056_000, 96_000)]

        play(story)
