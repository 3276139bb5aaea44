"""Two events of one second that disagree: Stripe is asked for the object as it is now."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import httpx
import pytest

from connectors.contract import CallFailed
from connectors.http import Client
from connectors.models import Connection
from connectors.operations import set_secret
from connectors.systems.stripe import sandbox
from connectors.systems.stripe.connector import connector
from revops.canonical.models import Customer, Price, Subscription
from revops.events.models import Channel, InboundEvent
from revops.kernel import correlation
from revops.mappings.models import EntityMap
from revops.pipeline import fetch, process, receive, sources, wake
from tests.connectors.test_stripe_polling import Scene
from tests.factories import a_connection, a_legal_entity

Event = dict[str, Any]
PAST = int(time.time()) - 3600


class Shop:
    """The sandbox in this process, and the connection that leads to it."""

    def __init__(self, connection: Connection, app: Any, calls: list[str]) -> None:
        self.connection = connection
        self.business = app.state.business
        self.world = app.state.world
        self.calls = calls

    def events(self, start: int = 0) -> list[Event]:
        return list(self.world.all("event"))[start:]

    def tell(self, events: Sequence[Event], *, one_by_one: bool = False) -> None:
        source = sources.by_id(self.connection.pk)
        for event in events:
            body = json.dumps(event).encode()
            opened = connector.open(body)
            receive.store(source, opened, body, Channel.WEBHOOK, correlation.new_id())
            if one_by_one:
                self.advance()
        self.advance()

    def advance(self) -> None:
        for _ in range(3):
            process.advance(self.connection.pk, seconds=5, linger=0)

    def ask(self) -> int:
        found = fetch.fetch(self.connection.pk)
        self.advance()
        return found

    def two_prices(self) -> None:
        for name in ("price_a", "price_b"):
            self.business.create_price(
                id=name, unit_amount=1000, currency="usd", interval="month", at=PAST - 9
            )


class _Counting(httpx.AsyncBaseTransport):
    def __init__(self, inner: httpx.AsyncBaseTransport, calls: list[str]) -> None:
        self.inner, self.calls = inner, calls

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.url.path)
        return await self.inner.handle_async_request(request)


@pytest.fixture
def shop(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    app, calls = sandbox.build(), list[str]()
    monkeypatch.setattr(wake, "line", lambda connection_id: None)
    monkeypatch.setattr(
        sources,
        "client_of",
        lambda source: Client(
            "http://127.0.0.1:9",
            hosts=(),
            allow_loopback=True,
            transport=_Counting(httpx.ASGITransport(app=app), calls),
        ),
    )
    connection = a_connection("shop", "stripe")
    set_secret(connection, "api_key", sandbox.API_KEY)
    EntityMap.objects.create(connection=connection, hint="", legal_entity=a_legal_entity())
    sources.forget()
    fetch.forget()
    yield Shop(connection, app, calls)
    sources.forget()


def waiting() -> int:
    return InboundEvent.objects.filter(state="parked").count()


class TestOneSecond:
    @pytest.mark.parametrize("one_by_one", [False, True])
    @pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
    def test_four_events_of_a_customer_end_as_stripe_has_it_in_any_order(
        self, shop: Shop, order: tuple[int, ...], one_by_one: bool
    ) -> None:
        made = shop.business.create_customer(name="First", at=PAST)["id"]
        for name in ("Mid", "Zulu", "Alder"):
            shop.business.update_customer(made, name=name, at=PAST)
        events = shop.events()
        shop.tell([events[place] for place in order], one_by_one=one_by_one)
        shop.ask()
        assert Customer.objects.get().name == "Alder"
        assert not waiting()
        assert shop.calls in ([], [f"/v1/customers/{made}"])

    @pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
    def test_seats_and_an_upgrade_of_one_second_end_as_stripe_has_it(
        self, shop: Shop, order: tuple[int, ...]
    ) -> None:
        shop.two_prices()
        made = shop.business.create_customer(name="Alder", at=PAST - 5)["id"]
        one = shop.business.subscribe(customer=made, items=[("price_a", 1)], at=PAST - 3)["id"]
        start = len(shop.events())
        # Seats come last in rank, and were not last.
        for items in ([("price_a", 7)], [("price_b", 7)], [("price_b", 9)]):
            shop.business.change(one, items=items, prorate=False, at=PAST)
        changes = shop.events(start)
        shop.tell(shop.events()[:start])
        shop.tell([changes[place] for place in order], one_by_one=True)
        while shop.ask():
            pass
        (item,) = Subscription.objects.get().items
        assert (item["sku"], item["quantity"]) == ("price_b", 9)
        assert not waiting()

    def test_is_read_once_however_many_events_asked_for_it(self, shop: Shop) -> None:
        made = shop.business.create_customer(name="First", at=PAST)["id"]
        for number in range(6):
            shop.business.update_customer(made, name=f"Name {number}", at=PAST)
        shop.tell(shop.events(), one_by_one=True)
        assert waiting() > 1
        assert shop.ask() == 1
        assert shop.calls == [f"/v1/customers/{made}"]
        assert not waiting()

    def test_what_comes_in_a_later_second_wins_whenever_it_is_told(self, shop: Shop) -> None:
        made = shop.business.create_customer(name="First", at=PAST)["id"]
        for name in ("Zulu", "Alder"):
            shop.business.update_customer(made, name=name, at=PAST)
        events = shop.events()
        shop.tell(events)
        shop.ask()
        shop.business.update_customer(made, name="Newest", at=int(time.time()))
        shop.tell(shop.events(len(events)))
        assert Customer.objects.get().name == "Newest"

    def test_tiers_of_a_price_are_read_with_it(self, shop: Shop) -> None:
        tiers = [
            {"up_to": 10, "unit_amount_decimal": "5", "flat_amount": None},
            {"up_to": None, "unit_amount_decimal": "3", "flat_amount": None},
        ]
        made = shop.business.create_price(
            currency="usd", interval="month", tiers=tiers, tiers_mode="volume", at=PAST
        )["id"]
        told = shop.world.latest("event", type="price.created")
        for number, label in enumerate(("Zulu", "Alder")):
            whole = {**shop.world.get("price", made), "nickname": label}
            body = {**told, "id": f"evt_{number}-tiers", "type": "price.tiered"}
            shop.tell([
                body | {"data": {"object": whole}, "object_version": told["created"] + 3600}
            ])  # fmt: skip
        assert waiting() == 1
        shop.ask()
        assert Price.objects.get().label == (shop.world.get("price", made)["nickname"] or "")
        assert not waiting()


class TestRestraint:
    def test_nothing_is_asked_for_while_events_agree(self, shop: Shop) -> None:
        made = shop.business.create_customer(name="First", at=PAST)["id"]
        shop.business.update_customer(made, name="Second", at=PAST)
        shop.business.update_customer(made, name="Third", at=PAST + 1)
        invoiced = shop.business.create_customer(name="Payer", at=PAST)["id"]
        shop.two_prices()
        shop.business.subscribe(customer=invoiced, items=[("price_a", 1)], at=PAST, pays=True)
        shop.tell(shop.events(), one_by_one=True)
        assert shop.ask() == 0
        assert shop.calls == []

    def test_nothing_is_asked_for_while_the_second_may_still_run(self, shop: Shop) -> None:
        at = int(time.time())
        made = shop.business.create_customer(name="First", at=at)["id"]
        for name in ("Zulu", "Alder"):
            shop.business.update_customer(made, name=name, at=at)
        shop.tell(shop.events())
        assert waiting() == 1
        assert shop.ask() == 0
        assert shop.calls == []
        assert waiting() == 1


class TestReading:
    @pytest.mark.parametrize("kind", ["customer", "invoice", "price", "product", "subscription"])
    def test_what_is_gone_is_nothing(self, kind: str) -> None:
        assert read(Scene(), kind, "none_1") is None

    def test_what_has_no_address_is_nothing_and_not_asked_for(self) -> None:
        scene = Scene()
        assert read(scene, "entitlements.active_entitlement_summary", "") is None
        assert scene.calls == []

    def test_a_wrong_key_is_a_failure_and_not_an_absence(self) -> None:
        scene = Scene()
        scene.settings = replace(scene.settings, secrets={"api_key": "wrong"})
        with pytest.raises(CallFailed):
            read(scene, "customer", "cus_1")

    def test_it_is_newer_than_its_second_and_older_than_the_next(self) -> None:
        scene = Scene()
        made = scene.business.create_customer(name="Alder")["id"]
        before = int(time.time())
        body = read(scene, "customer", made)
        assert body is not None
        envelope = connector.open(body)
        assert envelope.object_version < before
        assert envelope.occurred_at.timestamp() > envelope.object_version
        assert envelope.occurred_at.timestamp() < envelope.object_version + 1
        assert envelope.polled

    def test_an_invoice_tells_all_its_states(self) -> None:
        scene = Scene()
        made = scene.business.create_customer(name="Alder", at=PAST)["id"]
        scene.business.create_price(id="p", unit_amount=100, currency="usd", interval="year")
        found = scene.business.subscribe(customer=made, items=[("p", 1)], at=PAST, pays=True)
        told = meant(scene, "invoice", found["latest_invoice"])
        assert told == ["invoice.issued/1", "invoice.paid/1"]

    def test_a_subscription_that_rests_is_told_by_its_own_events(self) -> None:
        scene = Scene()
        made = scene.business.create_customer(name="Alder", at=PAST)["id"]
        scene.business.create_price(id="p", unit_amount=100, currency="usd", interval="year")
        one = scene.business.subscribe(customer=made, items=[("p", 1)], at=PAST)["id"]
        assert meant(scene, "subscription", one) == ["subscription.activated/1"]
        scene.business.pause(one)
        assert meant(scene, "subscription", one) == []

    def test_a_payment_keeps_the_day_of_its_charge(self) -> None:
        scene = Scene()
        made = scene.business.create_customer(name="Alder", at=PAST)["id"]
        scene.business.create_price(id="p", unit_amount=100, currency="usd", interval="year")
        day = PAST - 40 * 86400
        scene.business.subscribe(customer=made, items=[("p", 1)], at=day, pays=True)
        charge = next(scene.app.state.world.all("charge"))
        for kind, identity in (
            ("charge", charge["id"]),
            ("payment_intent", charge["payment_intent"]),
        ):
            body = read(scene, kind, identity)
            assert body is not None
            (event,) = connector.translate(connector.open(body), scene.settings)
            assert event.received_on.isoformat() == time.strftime("%Y-%m-%d", time.gmtime(day))


def read(scene: Scene, kind: str, identity: str) -> bytes | None:
    async def story(client: Client) -> bytes | None:
        return await connector.fetch(client, scene.settings, kind, identity)

    found: bytes | None = scene.play(story)
    return found


def meant(scene: Scene, kind: str, identity: str) -> list[str]:
    body = read(scene, kind, identity)
    assert body is not None
    return [event.contract for event in connector.translate(connector.open(body), scene.settings)]
