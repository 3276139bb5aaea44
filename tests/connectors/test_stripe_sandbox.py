from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.contract import Settings
from connectors.systems.stripe import sandbox
from connectors.systems.stripe.connector import connector
from connectors.systems.stripe.sandbox.forms import nested
from connectors.systems.stripe.sandbox.hooks import Hooks

NOON = 1768478400  # 2026-01-15T12:00:00Z
Story = Callable[[httpx.AsyncClient], Awaitable[Any]]


def play(story: Story, app: Starlette | None = None, key: str = sandbox.API_KEY) -> Any:
    async def run() -> Any:
        wire = httpx.ASGITransport(app=app or sandbox.build())
        async with httpx.AsyncClient(
            transport=wire, base_url="http://sandbox", headers={"Authorization": f"Bearer {key}"}
        ) as client:
            return await story(client)

    return asyncio.run(run())


class Receiver:
    """An endpoint that answers with the given statuses, then 200, and keeps what it was sent."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.received: list[tuple[bytes, str]] = []
        self.app = Starlette(routes=[Route("/hook", self.take, methods=["POST"])])

    async def take(self, request: Request) -> Response:
        self.received.append((await request.body(), request.headers["stripe-signature"]))
        return Response(status_code=self.statuses.pop(0) if self.statuses else 200)

    def types(self) -> list[str]:
        return [json.loads(body)["type"] for body, _ in self.received]

    def listen(self, act: Callable[[Starlette], None], **options: Any) -> Starlette:
        """Let ``act`` happen in a sandbox that sends its webhooks here, and wait for them all."""
        app = sandbox.build(
            sandbox.Config(webhook_url="http://console/hook", retry_base_s=0.001, **options)
        )

        async def run() -> None:
            hooks: Hooks = app.state.hooks
            hooks.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app))
            act(app)
            await hooks.idle()
            await hooks.aclose()

        asyncio.run(run())
        return app


class TestSignIn:
    def test_takes_the_key_as_bearer_or_basic_and_no_other(self) -> None:
        async def story(client: httpx.AsyncClient) -> None:
            assert (await client.get("/v1/balance")).status_code == 200
            basic = httpx.BasicAuth(sandbox.API_KEY, "")
            assert (await client.get("/v1/balance", auth=basic)).status_code == 200
            for headers in ({"Authorization": "Bearer sk_other"}, {"Authorization": "Basic !"}):
                refused = await client.get("/v1/balance", headers=headers)
                assert refused.status_code == 401
                assert refused.json()["error"]["type"] == "invalid_request_error"
                assert refused.headers["request-id"].startswith("req_")

        play(story)


class TestForms:
    def test_reads_brackets_as_a_tree(self) -> None:
        pairs = [
            ("items[0][price]", "p0"),
            ("items[0][quantity]", "2"),
            ("items[1][price]", "p1"),
            ("metadata[legal_entity]", "US01"),
            ("expand[]", "data.source"),
            ("expand[]", "data.customer"),
            ("name", "A & B"),
        ]
        assert nested(pairs) == {
            "items": [{"price": "p0", "quantity": "2"}, {"price": "p1"}],
            "metadata": {"legal_entity": "US01"},
            "expand": ["data.source", "data.customer"],
            "name": "A & B",
        }

    @pytest.mark.parametrize("key", ["", "[0]", "a[", "a]b", "a[b"])
    def test_refuses_keys_that_cannot_be_read(self, key: str) -> None:
        with pytest.raises(ValueError, match="parameter"):
            nested([(key, "1")])


class TestIdempotency:
    def test_the_same_key_answers_the_same_and_does_it_once(self) -> None:
        async def story(client: httpx.AsyncClient) -> None:
            headers = {"Idempotency-Key": "rc1-one"}
            first = await client.post("/v1/customers", data={"name": "A"}, headers=headers)
            again = await client.post("/v1/customers", data={"name": "A"}, headers=headers)
            assert again.json() == first.json()
            assert again.headers["idempotent-replayed"] == "true"
            assert "idempotent-replayed" not in first.headers
            other = await client.post("/v1/customers", data={"name": "B"}, headers=headers)
            assert other.status_code == 400
            assert other.json()["error"]["type"] == "idempotency_error"
            held = await client.get("/v1/customers")
            assert len(held.json()["data"]) == 1

        play(story)

    def test_a_refused_request_may_be_sent_again_with_its_key(self) -> None:
        async def story(client: httpx.AsyncClient) -> None:
            headers = {"Idempotency-Key": "rc1-two"}
            bad = {"charge": "ch_none"}
            refused = await client.post("/v1/refunds", data=bad, headers=headers)
            assert refused.status_code == 404
            good = await client.post("/v1/customers", data={"name": "A"}, headers=headers)
            assert good.status_code == 200

        play(story)


class TestLists:
    def test_pages_forward_and_back_without_gap_or_repeat(self) -> None:
        app = sandbox.build()
        for index in range(25):
            app.state.business.create_customer(name=str(index), at=NOON + index)

        async def story(client: httpx.AsyncClient) -> None:
            names: list[str] = []
            after: dict[str, str] = {}
            while True:
                page = (await client.get("/v1/customers", params={"limit": 10, **after})).json()
                names += [item["name"] for item in page["data"]]
                if not page["has_more"]:
                    break
                after = {"starting_after": page["data"][-1]["id"]}
            assert names == [str(index) for index in reversed(range(25))]
            first = (await client.get("/v1/customers", params={"limit": 5})).json()["data"]
            back = await client.get(
                "/v1/customers", params={"limit": 3, "ending_before": first[-1]["id"]}
            )
            assert [item["name"] for item in back.json()["data"]] == ["23", "22", "21"]

        play(story, app)

    def test_selects_by_time_type_and_payout(self) -> None:
        app = sandbox.build()
        business = app.state.business
        who = business.create_customer(name="A", at=NOON)
        price = business.create_price(currency="usd", unit_amount=5000, interval="month", at=NOON)
        business.subscribe(customer=who["id"], items=[(price["id"], 1)], at=NOON + 100)
        payout = business.pay_out(at=NOON + 200)

        async def story(client: httpx.AsyncClient) -> None:
            async def get(path: str, **params: Any) -> list[dict[str, Any]]:
                return (await client.get(path, params={"limit": 100, **params})).json()["data"]

            paid = await get("/v1/events", type="payout.paid")
            assert [event["data"]["object"]["id"] for event in paid] == [payout["id"]]
            early = await get("/v1/events", **{"created[lt]": NOON + 100})
            assert {event["type"] for event in early} == {
                "customer.created",
                "price.created",
                "product.created",
            }
            exact = await get("/v1/events", created=NOON)
            assert len(exact) == 3
            held = await get("/v1/balance_transactions", payout=payout["id"])
            assert {item["type"] for item in held} == {"charge", "payout"}
            expanded = await get(
                "/v1/balance_transactions", type="charge", **{"expand[]": "data.source.customer"}
            )
            assert expanded[0]["source"]["customer"]["name"] == "A"

        play(story, app)

    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/v1/customers?limit=0", 400),
            ("/v1/customers?limit=x", 400),
            ("/v1/customers?starting_after=cus_none", 400),
            ("/v1/customers?created[near]=1", 400),
            ("/v1/customers/cus_none", 404),
            ("/v1/nothing", 404),
        ],
    )
    def test_refuses_what_it_does_not_know_in_stripes_form(self, path: str, status: int) -> None:
        async def story(client: httpx.AsyncClient) -> httpx.Response:
            return await client.get(path)

        answer = play(story)
        assert answer.status_code == status
        assert answer.json()["error"]["message"]


class TestBusiness:
    def test_fee_and_payout_are_those_of_the_books_example(self) -> None:
        app = sandbox.build()
        business = app.state.business
        who = business.create_customer(name="A", at=NOON)
        price = business.create_price(
            currency="usd", unit_amount=1_200_000, interval="year", at=NOON
        )
        subscription = business.subscribe(
            customer=who["id"], items=[(price["id"], 1)], tax_percent="8.25", at=NOON
        )
        invoice = app.state.world.get("invoice", subscription["latest_invoice"])
        assert (invoice["total"], invoice["tax"], invoice["status"]) == (1_299_000, 99_000, "paid")
        (charge,) = app.state.world.all("charge")
        transaction = app.state.world.get("balance_transaction", charge["balance_transaction"])
        assert transaction["fee"] == 37_701
        assert business.pay_out(at=NOON + 60)["amount"] == 1_261_299

    def test_what_makes_no_sense_is_refused(self) -> None:
        app = sandbox.build()

        async def story(client: httpx.AsyncClient) -> None:
            async def problem(name: str, **values: Any) -> str:
                answer = await client.post(f"/_control/scenario/{name}", json=values)
                assert answer.status_code == 400
                return str(answer.json()["problem"])

            assert "no customer" in await problem("issue")
            assert "no invoice" in await problem("pay")
            assert "insufficient" in await problem("payout")
            assert "unknown" in await problem("unknown")
            await client.post("/_control/scenario/customers", json={"count": 1})
            assert "no invoice" in await problem("void")
            assert "greater than" in await problem("refund", amount=10**9)

        play(story, app)

    def test_scenarios_tell_what_a_demo_needs(self) -> None:
        app = sandbox.build()

        async def story(client: httpx.AsyncClient) -> None:
            for name, values in (
                ("customers", {"count": 3, "declined": 1, "legal_entity": "US-INC"}),
                ("issue", {}),
                ("pay", {}),
                ("issue", {"days": 30}),
                ("decline", {}),
                ("void", {}),
                ("refund", {"amount": 100}),
                ("payout", {}),
            ):
                answer = await client.post(f"/_control/scenario/{name}", json=values)
                assert answer.status_code == 200, answer.text
            counts = (await client.get("/_control/state")).json()["counts"]
            assert (counts["customer"], counts["invoice"], counts["charge"]) == (3, 5, 5)
            await client.post("/_control/reset")
            assert (await client.get("/_control/state")).json()["counts"] == {"webhook_endpoint": 0}

        play(story, app)
        assert app.state.world.objects == {"webhook_endpoint": {}}

    def test_its_state_outlives_a_restart(self, tmp_path: Path) -> None:
        path = tmp_path / "state" / "stripe.json"
        first = sandbox.build(sandbox.Config(state_path=str(path)))
        who = first.state.business.create_customer(name="Kept")
        first.state.world.save(path)
        second = sandbox.build(sandbox.Config(state_path=str(path)))
        assert second.state.world.get("customer", who["id"])["name"] == "Kept"

    def test_serves_a_connection_with_the_key_that_it_holds(self) -> None:
        settings = Settings(slug="s", base_url="", secrets={"api_key": "sk_of_the_connection"})
        app = sandbox.for_connection(
            settings, hook_url="http://console/hook", hook_secret="whsec_1", state_path=""
        )

        async def story(client: httpx.AsyncClient) -> int:
            return (await client.get("/v1/balance")).status_code

        assert play(story, app, key="sk_of_the_connection") == 200
        (endpoint,) = app.state.world.all("webhook_endpoint")
        assert (endpoint["url"], endpoint["secret"]) == ("http://console/hook", "whsec_1")


class TestFaults:
    @pytest.mark.parametrize(
        ("fault", "status"),
        [("down", 503), ("throttle", 429), ("garbage", 200), ("unauthorized", 401)],
    )
    def test_are_switched_on_and_off(self, fault: str, status: int) -> None:
        async def story(client: httpx.AsyncClient) -> None:
            await client.post("/_control/faults", json={fault: True, "retry_after": 3})
            answer = await client.get("/v1/balance")
            assert answer.status_code == status
            assert ("retry-after" in answer.headers) == (fault == "throttle")
            if fault == "garbage":
                with pytest.raises(ValueError, match="Expecting value"):
                    answer.json()
            await client.delete("/_control/faults")
            assert (await client.get("/v1/balance")).json()["object"] == "balance"

        play(story)

    def test_an_unknown_fault_is_told(self) -> None:
        async def story(client: httpx.AsyncClient) -> httpx.Response:
            return await client.post("/_control/faults", json={"earthquake": True})

        answer = play(story)
        assert answer.status_code == 400
        assert "earthquake" in answer.json()["problem"]


class TestWebhooks:
    def test_are_signed_and_in_the_order_of_events(self) -> None:
        receiver = Receiver()
        app = receiver.listen(lambda app: app.state.business.create_customer(name="A"))
        ((body, signature),) = receiver.received
        connector.verify(
            body=body,
            headers={"stripe-signature": signature},
            secrets=[sandbox.SIGNED_WITH],
            at=datetime.now(tz=UTC),
        )
        (event,) = app.state.world.all("event")
        assert json.loads(body) == event

    def test_are_sent_again_until_they_are_taken(self) -> None:
        receiver = Receiver(503, 500, 400)
        receiver.listen(lambda app: app.state.business.create_customer(name="A"))
        assert receiver.types() == ["customer.created"] * 4

    def test_are_given_up_after_the_last_try(self) -> None:
        receiver = Receiver(*[500] * 100)
        receiver.listen(lambda app: app.state.business.create_customer(name="A"), retries=2)
        assert len(receiver.received) == 3

    def test_are_dropped_or_doubled_by_faults(self) -> None:
        def with_fault(**faults: float) -> int:
            receiver = Receiver()

            def act(app: Starlette) -> None:
                app.state.faults.set(faults)
                app.state.business.create_customer(name="A")

            receiver.listen(act)
            return len(receiver.received)

        assert with_fault(drop_webhooks=1) == 0
        assert with_fault(duplicate_webhooks=1) == 2
        assert with_fault() == 1

    def test_only_wanted_types_go_to_an_endpoint(self) -> None:
        receiver = Receiver()

        def act(app: Starlette) -> None:
            app.state.hooks.forget()
            app.state.hooks.point(
                url="http://console/hook", secret="whsec_2", events=["price.created"]
            )
            app.state.business.create_customer(name="A")
            app.state.business.create_price(currency="usd", unit_amount=1)

        receiver.listen(act)
        assert receiver.types() == ["price.created"]

    def test_hold_the_first_lines_of_a_long_invoice_only(self) -> None:
        app = sandbox.build()

        async def story(client: httpx.AsyncClient) -> None:
            await client.post("/_control/scenario/customers", json={"pays": None})
            await client.post("/_control/scenario/issue", json={"lines": 11})

        play(story, app)
        event = app.state.world.latest("event", type="invoice.finalized")
        lines = event["data"]["object"]["lines"]
        assert (len(lines["data"]), lines["has_more"]) == (10, True)
