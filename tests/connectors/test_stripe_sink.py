from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette

from connectors import billing, commands
from connectors.contract import CallFailed, Command, Outcome, Receipt, Settings
from connectors.http import Answer, Client
from connectors.systems.stripe import payloads, posts, sandbox
from connectors.systems.stripe.connector import connector
from connectors.systems.stripe.sandbox.business import Business
from connectors.systems.stripe.sandbox.world import World

SETTINGS = Settings(
    slug="stripe",
    base_url="http://127.0.0.1:9",
    secrets={"api_key": sandbox.API_KEY},
    zone="America/New_York",
)


class Desk:
    """The connector at work on a sandbox that holds one price."""

    def __init__(self) -> None:
        self.app: Starlette = sandbox.build()
        self.business: Business = self.app.state.business
        self.world: World = self.app.state.world
        self.business.create_price(id="price_x", currency="usd", unit_amount=1000, interval="month")

    def run(self, work: Callable[[Client], Awaitable[Any]]) -> Any:
        async def inside() -> Any:
            wire = httpx.ASGITransport(app=self.app)
            options: dict[str, Any] = {"hosts": (), "allow_loopback": True, "transport": wire}
            async with Client(SETTINGS.base_url, **options) as client:
                return await work(client)

        return asyncio.run(inside())

    def send(self, command: Command) -> Receipt:
        (receipt,) = self.run(lambda client: connector.send(client, SETTINGS, [command]))
        assert isinstance(receipt, Receipt)
        return receipt

    def find(self, key: str) -> list[str]:
        found = self.run(lambda client: connector.find(client, SETTINGS, [key]))
        return [one.external_id for one in found.get(key, ())]

    def forget(self) -> None:
        """A day later Stripe has forgotten the keys of requests."""
        self.world.answers.clear()

    def all(self, kind: str) -> list[dict[str, Any]]:
        return list(self.world.all(kind))


def command(kind: str, payload: dict[str, Any], key: str = "rc1-aaaaaaaa0001") -> Command:
    return commands.by_hand(kind, key, payload)


def subscribe(account: str = "001A", key: str = "rc1-aaaaaaaa0001", **changes: Any) -> Command:
    customer = {"name": "Acme", "other_ids": {"salesforce_account_id": account}}
    payload = {"customer": customer, "items": [{"price": "price_x", "quantity": 3}]} | changes
    return command(billing.SUBSCRIPTION, payload, key)


class TestCustomer:
    def test_is_made_once_and_found_afterwards(self) -> None:
        desk = Desk()
        desk.send(subscribe(key="rc1-aaaaaaaa0001"))
        desk.send(subscribe(key="rc1-aaaaaaaa0002"))
        (customer,) = desk.all("customer")
        assert customer["metadata"] == {"salesforce_account_id": "001A"}
        assert len(desk.all("subscription")) == 2

    def test_is_made_once_even_when_search_is_late(self) -> None:
        desk = Desk()
        desk.app.state.faults.set({"search_lag": 3600})
        desk.send(subscribe(key="rc1-aaaaaaaa0001"))
        desk.send(subscribe(key="rc1-aaaaaaaa0002"))
        assert len(desk.all("customer")) == 1

    def test_under_another_name_meanwhile_waits_for_search(self) -> None:
        desk = Desk()
        desk.app.state.faults.set({"search_lag": 3600})
        desk.send(subscribe())
        renamed = {"name": "Acme Inc", "other_ids": {"salesforce_account_id": "001A"}}
        receipt = desk.send(subscribe(key="rc1-aaaaaaaa0002", customer=renamed))
        assert (receipt.outcome, receipt.code) == (Outcome.TRANSIENT, "customer_new")
        assert len(desk.all("customer")) == 1

    def test_that_exists_twice_is_left_to_a_person(self) -> None:
        desk = Desk()
        for name in ("Acme", "Acme again"):
            desk.business.create_customer(name=name, metadata={"salesforce_account_id": "001A"})
        receipt = desk.send(subscribe())
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "customer_ambiguous")
        assert desk.all("subscription") == []

    def test_with_a_quote_in_its_id_is_searched_for_as_it_is(self) -> None:
        desk = Desk()
        odd = "O'Neil \\ Sons"
        desk.business.create_customer(name="A", metadata={"salesforce_account_id": odd})
        assert desk.send(subscribe(odd)).outcome is Outcome.OK
        assert len(desk.all("customer")) == 1


class TestSubscription:
    def test_carries_key_contract_and_entity(self) -> None:
        desk = Desk()
        receipt = desk.send(subscribe(contract_ref="800A", legal_entity="US-INC"))
        (made,) = desk.all("subscription")
        assert receipt.external_id == made["id"]
        assert made["metadata"]["contract_id"] == "800A"
        assert made["metadata"]["legal_entity"] == "US-INC"
        assert made["metadata"][billing.KEY] == "rc1-aaaaaaaa0001"

    def test_is_found_when_stripe_has_forgotten_the_key(self) -> None:
        desk = Desk()
        first = desk.send(subscribe())
        desk.forget()
        again = desk.send(subscribe())
        assert (again.outcome, again.external_id) == (Outcome.ALREADY_DONE, first.external_id)
        assert desk.find("rc1-aaaaaaaa0001") == [first.external_id]
        assert len(desk.all("subscription")) == 1

    def test_that_search_does_not_know_yet_is_found_by_listing(self) -> None:
        desk = Desk()
        desk.app.state.faults.set({"search_lag": 3600})
        first = desk.send(subscribe())
        assert desk.find("rc1-aaaaaaaa0001") == [first.external_id]

    def test_under_the_same_key_with_other_content_is_refused(self) -> None:
        desk = Desk()
        first = desk.send(subscribe())
        desk.forget()
        other = desk.send(subscribe(items=[{"price": "price_x", "quantity": 4}]))
        assert (other.outcome, other.code) == (Outcome.REFUSED, "conflict")
        assert other.external_id == first.external_id

    def test_held_twice_is_told(self) -> None:
        desk = Desk()
        desk.send(subscribe())
        (made,) = desk.all("subscription")
        desk.world.add({**made, "id": "sub_twin"})
        assert desk.send(subscribe()).code == "duplicate"
        assert len(desk.find("rc1-aaaaaaaa0001")) == 2

    def test_that_came_out_otherwise_is_a_conflict(self, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = Desk()
        original = desk.business.subscribe
        monkeypatch.setattr(
            desk.business, "subscribe",
            lambda **given: original(**given | {"items": [("price_x", 7)]}),
        )  # fmt: skip
        receipt = desk.send(subscribe())
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "conflict")
        assert receipt.external_id


class TestInvoiceItem:
    def test_goes_on_the_next_invoice_with_its_usage_and_sku(self) -> None:
        desk = Desk()
        who = desk.business.create_customer(name="A")["id"]
        subscription = desk.business.subscribe(customer=who, items=[("price_x", 1)])["id"]
        payload = {
            "customer_id": who, "subscription_id": subscription, "currency": "USD",
            "amount": 4_321, "usage_ref": "rated-1", "sku": "usage_api", "quantity": "8642",
            "period": {"start": "2026-01-01", "end": "2026-01-31"},
        }  # fmt: skip
        assert desk.send(command(billing.INVOICE_ITEM, payload)).outcome is Outcome.OK
        desk.business.renew(subscription)
        event = [e for e in desk.all("event") if e["type"] == "invoice.finalized"][-1]
        envelope = connector.open(json.dumps(event).encode())
        (issued,) = connector.translate(envelope, SETTINGS)
        line = issued.model_dump(mode="json")["lines"][1]
        assert (line["amount"], line["usage_ref"], line["sku"]) == (4_321, "rated-1", "usage_api")
        assert line["service_period"] == {"start": "2026-01-01", "end": "2026-01-31"}

    def test_amounts_are_written_as_stripe_counts_them(self) -> None:
        desk = Desk()
        who = desk.business.create_customer(name="A")["id"]
        payload = {"customer_id": who, "currency": "ISK", "amount": 1500}
        assert desk.send(command(billing.INVOICE_ITEM, payload)).outcome is Outcome.OK
        assert desk.all("invoiceitem")[0]["amount"] == 150_000

    def test_too_many_to_look_through_is_no_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        desk = Desk()
        who = desk.business.create_customer(name="A")["id"]
        monkeypatch.setattr("connectors.systems.stripe.holding._PAGES", 1)
        monkeypatch.setattr("connectors.systems.stripe.listing.PAGE_SIZE", 1)
        for number in range(2):
            payload = {"customer_id": who, "currency": "USD", "amount": number + 1}
            made = desk.send(command(billing.INVOICE_ITEM, payload, f"rc1-aaaaaaaa000{number}"))
            assert made.outcome is Outcome.OK
        with pytest.raises(CallFailed, match="too many"):
            desk.find("rc1-aaaaaaaa0009")


class TestCreditNote:
    def test_for_an_invoice_in_another_state_is_refused_before_it_is_made(self) -> None:
        desk = Desk()
        who = desk.business.create_customer(name="A")["id"]
        subscription = desk.business.subscribe(customer=who, items=[("price_x", 1)])
        invoice = desk.world.get("invoice", subscription["latest_invoice"])
        payload = {
            "invoice_id": invoice["id"], "currency": "USD", "credit_type": "goodwill",
            "lines": [{"invoice_line_id": invoice["lines"]["data"][0]["id"], "amount": 100}],
            "settles": "invoice",
        }  # fmt: skip
        receipt = desk.send(command(billing.CREDIT_NOTE, payload))
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "invoice_state")
        assert desk.all("credit_note") == []

    def test_its_own_event_tells_the_credit_that_was_asked_for(self) -> None:
        desk = Desk()
        who = desk.business.create_customer(name="A")["id"]
        subscription = desk.business.subscribe(
            customer=who, items=[("price_x", 1)], tax_percent="8.25"
        )
        invoice = desk.world.get("invoice", subscription["latest_invoice"])
        payload = {
            "invoice_id": invoice["id"], "currency": "USD", "credit_type": "sla_period",
            "lines": [{"invoice_line_id": invoice["lines"]["data"][0]["id"], "amount": 200}],
            "settles": "balance", "credit_request_id": "CR-1",
        }  # fmt: skip
        receipt = desk.send(command(billing.CREDIT_NOTE, payload))
        event = [e for e in desk.all("event") if e["type"] == "credit_note.created"][-1]
        (credit,) = connector.translate(connector.open(json.dumps(event).encode()), SETTINGS)
        told = credit.model_dump()
        assert told["credit_id"] == receipt.external_id
        assert (told["settles"], told["total"], told["request_ref"]) == ("balance", 217, "CR-1")


class TestRequest:
    @pytest.mark.parametrize(
        ("kind", "payload"),
        [
            ("journal.post", {}),
            (billing.SUBSCRIPTION, {"customer": {}, "items": [{"price": "p"}]}),
            (billing.SUBSCRIPTION, {"customer": {"id": "cus_1"}, "items": []}),
            (billing.INVOICE_ITEM, {"customer_id": "cus_1", "currency": "USD", "amount": 1.5}),
            (billing.CREDIT_NOTE, {"invoice_id": "in_1", "settles": "cash"}),
            (billing.INVOICE_ITEM, {"customer_id": "c", "currency": "MGA", "amount": 1, "x": 1}),
        ],
    )
    def test_that_cannot_be_read_is_refused_in_words(
        self, kind: str, payload: dict[str, Any]
    ) -> None:
        receipt = Desk().send(command(kind, payload))
        assert receipt.outcome is Outcome.REFUSED
        assert len(receipt.reason.split()) > 3

    def test_the_order_of_items_is_no_other_content(self) -> None:
        items = [{"price": "a", "quantity": 1}, {"price": "b", "quantity": 2}]
        one, other = (
            payloads.digest({"customer": {"id": "cus_1"}, "items": order})
            for order in (items, items[::-1])
        )
        assert one == other != ""


class TestAnswers:
    """What an answer to a POST means (https://docs.stripe.com/api/errors)."""

    @pytest.mark.parametrize(
        ("status", "error", "headers", "outcome", "code"),
        [
            (400, {"type": "invalid_request_error"}, {}, "refused", "refused"),
            (400, {"type": "idempotency_error"}, {}, "refused", "conflict"),
            (402, {"type": "card_error", "code": "card_declined"}, {}, "refused", "card_declined"),
            (404, {"code": "resource_missing"}, {}, "refused", "resource_missing"),
            (401, {}, {}, "auth", "credentials_refused"),
            (403, {}, {}, "auth", "credentials_refused"),
            (409, {"code": "idempotency_key_in_use"}, {}, "in_doubt", "idempotency_key_in_use"),
            (409, {}, {}, "transient", "conflict_now"),
            (429, {"code": "rate_limit"}, {"retry-after": "7"}, "throttled", "rate_limit"),
            (429, {"code": "lock_timeout"}, {}, "transient", "lock_timeout"),
            (500, {"type": "api_error"}, {}, "in_doubt", "failed"),
            (503, {}, {}, "in_doubt", "failed"),
            (302, {}, {}, "transient", "not_taken"),
        ],
    )
    def test_each_means_one_thing(
        self,
        status: int,
        error: dict[str, str],
        headers: dict[str, str],
        outcome: str,
        code: str,
    ) -> None:
        problem = self.problem(status, error, headers)
        assert (problem.outcome, problem.code) == (outcome, code)

    def test_a_limit_is_told_in_words(self) -> None:
        problem = self.problem(429, {}, {"stripe-rate-limited-reason": "endpoint-rate"})
        assert problem.reason.endswith("calls of this kind come too often.")
        assert problem.retry_after == 5

    def test_a_failure_of_the_sandbox_is_kept_under_its_key_and_made_good(self) -> None:
        desk = Desk()
        who = desk.business.create_customer(name="A")["id"]
        desk.app.state.faults.set({"failed": 1})
        asked = command(
            billing.INVOICE_ITEM, {"customer_id": who, "currency": "USD", "amount": 100}
        )
        assert desk.send(asked).outcome is Outcome.IN_DOUBT
        assert desk.send(asked).outcome is Outcome.OK
        assert len(desk.all("invoiceitem")) == 1

    def test_a_failure_that_stripe_repeats_is_asked_anew_under_a_key_of_its_own(self) -> None:
        desk = Desk()
        who = desk.business.create_customer(name="A")["id"]
        asked = command(
            billing.INVOICE_ITEM, {"customer_id": who, "currency": "USD", "amount": 100}
        )
        keys: list[str] = []

        class Failing:
            """Stripe saved a failure of its own for the first key."""

            def __init__(self, client: Client) -> None:
                self.client = client

            async def call(self, method: str, path: str, **given: Any) -> Answer:
                if method == "POST":
                    keys.append(given["headers"]["Idempotency-Key"])
                    if len(keys) == 1:
                        return Answer(500, {"idempotent-replayed": "true"}, b"{}")
                return await self.client.call(method, path, **given)

        (receipt,) = desk.run(
            lambda client: connector.send(cast(Client, Failing(client)), SETTINGS, [asked])
        )
        assert receipt.outcome is Outcome.OK
        assert keys == [asked.key, f"{asked.key}-anew"]
        assert len(desk.all("invoiceitem")) == 1

    def problem(
        self, status: int, error: dict[str, str], headers: dict[str, str]
    ) -> posts.Answered:
        body = json.dumps({"error": error}).encode()

        class Saying:
            async def call(self, *given: Any, **more: Any) -> Answer:
                return Answer(status, headers, body)

        async def ask() -> posts.Answered:
            with pytest.raises(posts.Answered) as caught:
                await posts.post(cast(Client, Saying()), SETTINGS, "/v1/x", [], key="k")
            return caught.value

        return asyncio.run(ask())
