from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from connectors.contract import CallFailed, Outcome, Page, PayloadUnreadable, Settings
from connectors.http import Client
from connectors.systems.stripe import polling, sandbox
from connectors.systems.stripe.connector import connector

NOON = 1768478400  # 2026-01-15T12:00:00Z


class Scene:
    """A sandbox with its business, polled by the connector."""

    def __init__(self, **parameters: Any) -> None:
        self.app = sandbox.build()
        self.business = self.app.state.business
        self.calls: list[str] = []
        self.settings = Settings(
            slug="stripe",
            base_url="http://127.0.0.1:9",
            parameters=parameters,
            secrets={"api_key": sandbox.API_KEY},
        )

    def play(self, story: Callable[[Client], Awaitable[Any]]) -> Any:
        async def run() -> Any:
            wire = _Counting(httpx.ASGITransport(app=self.app), self.calls)
            async with Client(
                self.settings.base_url, hosts=(), allow_loopback=True, transport=wire
            ) as client:
                return await story(client)

        return asyncio.run(run())

    def poll(self, cursor: str = "") -> Page:
        async def story(client: Client) -> Page:
            return await connector.poll(client, self.settings, cursor=cursor)

        page: Page = self.play(story)
        return page

    def all(self, cursor: str) -> list[Page]:
        pages = [self.poll(cursor)]
        while pages[-1].more:
            assert len(pages) < 50, "polling does not come to an end"
            pages.append(self.poll(pages[-1].cursor))
        return pages

    def events(self) -> set[str]:
        return {event["id"] for event in self.app.state.world.all("event")}


class _Counting(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, calls: list[str]) -> None:
        self.inner = inner
        self.calls = calls

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(str(request.url))
        return await self.inner.handle_async_request(request)


def ids(pages: list[Page]) -> list[str]:
    return [json.loads(body)["id"] for page in pages for body in page.bodies]


def cursor(since: int) -> str:
    return json.dumps({"events": [since, 0], "transactions": [since, 0]})


class TestPoll:
    def test_finds_everything_oldest_first_over_many_pages(self) -> None:
        scene = Scene(fees=False)
        for minute in range(250):
            scene.business.create_customer(name=f"Customer {minute}", at=NOON + 60 * minute)
        page = scene.poll(cursor(NOON))
        created = [json.loads(body)["created"] for body in page.bodies]
        assert created == sorted(created)
        assert len(set(ids([page]))) == 250
        assert not page.more

    def test_a_long_backlog_is_read_in_windows_without_loss(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polling, "_PAGES", 1)
        scene = Scene(fees=False)
        for index in range(450):
            # Bursts: a third of it in one minute, the rest over a month.
            at = NOON + (index % 60 if index % 3 == 0 else index * 6000)
            scene.business.create_customer(name=f"Customer {index}", at=at)
        pages = scene.all(cursor(NOON - 5))
        assert set(ids(pages)) == scene.events()
        assert len(pages) > 3
        latest = [
            max(json.loads(body)["created"] for body in page.bodies)
            for page in pages
            if page.bodies
        ]
        assert latest == sorted(latest)

    def test_a_second_with_more_than_a_window_holds_is_read_to_its_end(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(polling, "_PAGES", 1)
        scene = Scene(fees=False)
        for index in range(230):
            scene.business.create_customer(name=f"Customer {index}", at=NOON)
        scene.business.create_customer(name="Later", at=NOON + 100)
        assert set(ids(scene.all(cursor(NOON - 50)))) == scene.events()

    def test_the_next_poll_reaches_back_by_the_overlap(self) -> None:
        scene = Scene(fees=False)
        scene.business.create_customer(name="First", at=NOON)
        first = scene.poll(cursor(NOON - 1000))
        late = scene.business.create_customer(name="Told late", at=NOON - 200)
        assert late["id"] in str(scene.poll(first.cursor).bodies)
        early = scene.business.create_customer(name="Too early", at=NOON - 400)
        assert early["id"] not in str(scene.poll(first.cursor).bodies)

    def test_the_first_poll_looks_back_as_far_as_the_manifest_says(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        scene = Scene(fees=False)
        scene.poll()
        (call,) = scene.calls
        since = int(httpx.URL(call).params["created[gte]"])
        now = polling.now().timestamp()
        assert now - since == pytest.approx(connector.manifest.first_lookback_s, abs=60)

    def test_a_foreign_cursor_is_refused(self) -> None:
        for foreign in ("x", "[]", '{"events":1}', '{"events":[],"transactions":[]}'):
            with pytest.raises(PayloadUnreadable, match="cursor"):
                Scene().poll(foreign)


class TestTold:
    def test_fees_and_contents_come_once_and_always_the_same(self) -> None:
        scene = Scene()
        price = scene.business.create_price(
            currency="usd", unit_amount=5000, interval="month", at=NOON
        )
        who = scene.business.create_customer(name="Alder", at=NOON)
        scene.business.subscribe(customer=who["id"], items=[(price["id"], 2)], at=NOON)
        before = scene.poll(cursor(NOON - 10))
        scene.business.pay_out(at=NOON + 60)
        after = scene.poll(before.cursor)
        assert set(before.bodies) < set(after.bodies)
        (payout,) = [
            event
            for body in after.bodies
            for event in connector.translate(connector.open(body), scene.settings)
            if event.contract == "payout.settled/1" and event.items
        ]
        assert [(item.amount, item.fee) for item in payout.items] == [(10_000, 320)]
        assert payout.amount == 9_680

    def test_no_card_reaches_us_through_them(self) -> None:
        scene = Scene()
        price = scene.business.create_price(currency="usd", unit_amount=5000, interval="month")
        who = scene.business.create_customer(name="Alder")
        scene.business.subscribe(customer=who["id"], items=[(price["id"], 1)])
        (fee,) = [body for body in scene.poll().bodies if b'"balance_transaction.created"' in body]
        assert b"last4" not in fee
        assert b'{"type":"card"}' in fee

    def test_without_fees_the_balance_is_not_read(self) -> None:
        scene = Scene(fees=False)
        scene.business.create_customer(name="Alder")
        scene.poll()
        assert not [call for call in scene.calls if "balance" in call]

    def test_a_long_invoice_is_read_to_its_last_line(self) -> None:
        scene = Scene(fees=False)
        who = scene.business.create_customer(name="Alder", currency="usd")
        answer = scene.play(
            lambda client: client.call(
                "POST",
                "/_control/scenario/issue",
                json={"customer": who["id"], "lines": 120, "tax_percent": "7.25"},
            )
        )
        assert answer.status == 200
        (issued,) = [
            event
            for body in scene.poll().bodies
            for event in connector.translate(connector.open(body), scene.settings)
            if event.contract == "invoice.issued/1"
        ]
        assert len(issued.lines) == 120
        assert issued.total == 120 * (50_000 + 3_625)


class TestFailure:
    @pytest.mark.parametrize(
        ("status", "outcome"),
        [
            (400, Outcome.REFUSED),
            (401, Outcome.AUTH),
            (403, Outcome.AUTH),
            (404, Outcome.REFUSED),
            (409, Outcome.TRANSIENT),
            (429, Outcome.THROTTLED),
            (500, Outcome.TRANSIENT),
            (503, Outcome.TRANSIENT),
        ],
    )
    def test_a_status_is_told_in_stripes_words(self, status: int, outcome: Outcome) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(
                status, json={"error": {"message": "So it is."}}, headers={"Retry-After": "99999"}
            )

        failed = self.failing(answer)
        assert failed.outcome is outcome
        assert failed.reason == f"Stripe answered {status}: So it is."
        assert failed.retry_after == (3600 if status == 429 else None)

    @pytest.mark.parametrize("content", [b"", b"[]", b"<html>", b'{"data":[1]}'])
    def test_an_answer_that_is_no_list_is_no_empty_list(self, content: bytes) -> None:
        failed = self.failing(lambda request: httpx.Response(200, content=content))
        assert failed.outcome is Outcome.TRANSIENT

    def failing(self, answer: Callable[[httpx.Request], httpx.Response]) -> CallFailed:
        async def run() -> None:
            async with Client(
                "https://api.stripe.com",
                hosts=("api.stripe.com",),
                transport=httpx.MockTransport(answer),
            ) as client:
                await connector.poll(client, Settings(slug="s", base_url=""), cursor="")

        with pytest.raises(CallFailed) as caught:
            asyncio.run(run())
        return caught.value
