"""The sandbox's stories, told by the connector: what a whole life of a customer comes to."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from connectors.contract import Settings, SnapshotRow
from connectors.http import Client
from connectors.systems.stripe import sandbox
from connectors.systems.stripe.connector import connector
from connectors.systems.stripe.sandbox.scenarios import SCENARIOS

SETTINGS = Settings(
    slug="stripe",
    base_url="http://127.0.0.1:9",
    secrets={"api_key": sandbox.API_KEY},
    parameters={"credit_types": "none=goodwill"},
)


class Life:
    def __init__(self) -> None:
        self.app = sandbox.build()
        self.world = self.app.state.world

    def play(self, name: str, **given: Any) -> dict[str, Any]:
        return dict(SCENARIOS[name](self.app.state.business, **given))

    def bodies(self) -> dict[str, bytes]:
        """What a poll brings, by event."""
        return {connector.open(body).event_id: body for body in self.poll()}

    def polled(self) -> list[Any]:
        """All that a poll tells, as business events."""
        return [
            event
            for body in self.poll()
            for event in connector.translate(connector.open(body), SETTINGS)
        ]

    def poll(self) -> list[bytes]:

        async def inside() -> list[bytes]:
            wire = httpx.ASGITransport(app=self.app)
            options: dict[str, Any] = {"hosts": (), "allow_loopback": True, "transport": wire}
            async with Client(SETTINGS.base_url, **options) as client:
                page = await connector.poll(client, SETTINGS, cursor="")
                return list(page.bodies)

        return asyncio.run(inside())

    def told(self, contract: str) -> list[Any]:
        return [event for event in self.polled() if event.contract == contract]


class TestLife:
    def test_every_event_of_every_story_is_understood_or_known_to_need_nothing(self) -> None:
        life = Life()
        who = life.play("customers", count=6)["made"][0]["customer"]
        first, *others = [s["id"] for s in life.world.all("subscription")]
        life.play("upgrade", subscription=first)
        life.play("seats", subscription=others[0], quantity=4)
        life.play("downgrade", subscription=first)
        life.play("pause", subscription=others[0])
        life.play("resume")
        life.play("renew", subscription=others[1])
        life.play("cancel", subscription=others[2])
        life.play("entitle")
        life.play("product")
        life.play("price", amount=500)
        for name in ("issue", "overdue", "write_off", "issue", "decline", "void", "payout"):
            life.play(name)
        for name in ("payout_failure", "dispute", "decide", "dispute", "ach_return", "refund"):
            life.play(name)
        life.play("decide", won=False)
        for refunds in (False, True):
            issued = life.play("issue", customer=who)
            life.play("pay", **issued)
            life.play("credit", amount=1_000, refunds=refunds, **issued)
        life.play("credit", amount=1_000, **life.play("issue", customer=who))
        contracts = {event.contract for event in life.polled()}
        missing = set(connector.manifest.emits) - contracts
        # Of these the stories above tell nothing: a change of data, and an end after the end.
        assert missing == {
            "customer.updated/1",
            "entitlement.revoked/1",
            "invoice.recovered/1",
            "credit.voided/1",
            "refund.returned/1",
        }

    def test_an_invoice_is_told_the_same_by_whatever_happens_to_it(self) -> None:
        life = Life()
        life.play("customers", count=2)
        for ends in ("overdue", "decline", "write_off", "void"):
            life.play(ends, **life.play("issue"))
        first: dict[str, Any] = {}
        for told in life.told("invoice.issued/1"):
            assert told == first.setdefault(told.invoice_id, told)

    def test_what_banks_take_back_is_in_the_next_payout_to_the_cent(self) -> None:
        life = Life()
        life.play("customers", count=5)
        life.play("dispute")
        life.play("decide", won=True)
        life.play("dispute")
        life.play("ach_return")
        life.play("refund", amount=1_000)
        first = life.play("payout")
        life.play("payout_failure")
        life.play("customers", count=1)
        second = life.play("payout")
        full = {p.payout_id: p for p in life.told("payout.settled/1") if p.items}
        for payout in (first, second):
            found = full[payout["payout"]]
            assert sum(item.amount - item.fee for item in found.items) == found.amount
        # What had been sent back is paid once more.
        kinds = {item.kind: item.amount for item in full[second["payout"]].items}
        assert kinds["payout_failure"] == first["amount"]
        (returned,) = life.told("payment.returned/1")[:1]
        assert returned.amount > 0

    def test_an_upgrade_is_billed_for_the_rest_of_the_period(self) -> None:
        life = Life()
        made = life.play("customers", count=1, at=1_767_225_600)["made"][0]
        life.play("upgrade", at=1_767_225_600 + 73 * 86_400)
        lines = life.world.latest("invoice")["lines"]["data"]
        assert [line["amount"] for line in lines] == [-960_000, 3_880_000]
        assert all(line["proration"] for line in lines)
        assert life.world.get("subscription", made["subscription"])["latest_invoice"]

    def test_of_an_invoice_that_gives_back_more_than_it_asks_nothing_is_paid(self) -> None:
        life = Life()
        life.play("customers", count=1, quantity=10)
        life.play("upgrade", quantity=1)
        invoice = life.world.latest("invoice")
        assert invoice["total"] < 0
        assert (invoice["status"], invoice["amount_paid"]) == ("paid", 0)
        assert {one.total for one in life.told("invoice.issued/1")} >= {invoice["total"]}


class TestPolledFacts:
    def test_stay_the_same_whatever_happens_to_their_charges(self) -> None:
        """A second poll would otherwise look like another event under the same name."""
        life = Life()
        life.play("customers", count=3)
        life.play("payout")
        before = life.bodies()
        for name in ("dispute", "decide", "ach_return", "refund", "payout_failure"):
            life.play(name)
        after = life.bodies()
        assert {name: after[name] for name in before} == before

    def test_a_balance_settles_the_next_invoice_credit_by_credit(self) -> None:
        life = Life()
        made = life.play("customers", count=1)["made"][0]
        for amount in (10_000, 20_000):
            life.play("credit", invoice=made["invoice"], amount=amount)
        invoice = life.play("issue", customer=made["customer"], amount=25_000)["invoice"]
        found = life.world.get("invoice", invoice)
        assert found["amount_due"] == 0
        applied = life.told("credit.applied/1")
        notes = [note["id"] for note in life.world.all("credit_note")]
        assert [(a.credit_id, a.amount, a.invoice_id) for a in applied] == [
            (notes[0], 10_825, invoice),
            (notes[1], 27_062 - 10_825 + 1, invoice),
        ]
        assert sum(a.amount for a in applied) == found["total"]

    def test_tiers_are_read_where_no_event_tells_them(self) -> None:
        life = Life()
        tiers = [
            {"up_to": 1000, "unit_amount_decimal": "0", "flat_amount": None},
            {"up_to": None, "unit_amount_decimal": "0.5", "flat_amount": None},
        ]
        life.play("price", id="price_calls", tiers=tiers, tiers_mode="graduated", metered=True)
        (price,) = life.told("price.updated/1")
        assert (price.price_id, price.included, str(price.unit_price)) == (
            "price_calls",
            1000,
            "0.5",
        )

    def test_all_lines_of_a_long_credit_note_are_read(self) -> None:
        life = Life()
        life.play("customers", count=1)
        invoice = life.play("issue", lines=14, amount=1_000)["invoice"]
        life.play("credit", invoice=invoice)
        (credit,) = life.told("credit.issued/1")
        assert len(credit.lines) == 14


class TestSnapshots:
    @pytest.mark.parametrize(("kind", "story"), [("credit", "credit"), ("dispute", "dispute")])
    def test_list_credits_and_disputes(self, kind: str, story: str) -> None:
        life = Life()
        life.play("customers", count=1, at=1_767_225_600)
        given = {"amount": 100} if kind == "credit" else {}
        life.play(story, at=1_767_225_600 + 86_400, **given)
        ((row),) = _listed(life, kind)
        assert (row.kind, row.dated, row.currency) == (kind, "2026-01-02", "USD")
        assert row.amount == (108 if kind == "credit" else 1_299_000)
        assert row.party == "Alder Analytics"

    def test_an_invoice_is_listed_with_its_tax_its_customer_and_whose_books_it_is_in(self) -> None:
        life = Life()
        life.play("customers", count=1, at=1_767_225_600, legal_entity="UK-LTD")
        ((row),) = _listed(life, "invoice")
        assert (row.amount, row.tax, row.due) == (1_299_000, 99_000, 0)
        assert (row.party, row.entity) == ("Alder Analytics", "UK-LTD")
        ((customer),) = _listed(life, "customer")
        assert (customer.party, customer.currency, customer.entity) == (
            "Alder Analytics", "USD", "UK-LTD",
        )  # fmt: skip
        ((payment),) = _listed(life, "payment")
        assert (payment.party, payment.entity) == ("Alder Analytics", "UK-LTD")

    def test_a_payout_is_the_sum_of_what_is_listed_as_in_it(self) -> None:
        life = Life()
        life.play("customers", count=2, at=1_767_225_600)
        life.play("refund", amount=20_000, at=1_767_225_600 + 3_600)
        life.play("payout", currency="usd", at=1_767_225_600 + 86_400)
        ((payout),) = _listed(life, "payout")
        contents = _listed(life, "balance")
        assert {row.state for row in contents} == {"charge", "refund"}
        assert {row.group_key for row in contents} == {payout.key}
        assert sum(row.amount for row in contents) == payout.amount
        fees = _listed(life, "fee")
        gross = sum(row.amount for row in _listed(life, "payment"))
        assert gross - 20_000 - sum(row.amount for row in fees) == payout.amount
        assert {row.key for row in fees} == {row.key for row in _listed(life, "payment")}


def _listed(life: Life, kind: str) -> list[SnapshotRow]:
    async def inside() -> list[SnapshotRow]:
        wire = httpx.ASGITransport(app=life.app)
        options: dict[str, Any] = {"hosts": (), "allow_loopback": True, "transport": wire}
        found: list[SnapshotRow] = []
        async with Client(SETTINGS.base_url, **options) as client:
            cursor = ""
            while True:
                rows, cursor = await connector.snapshot(
                    client, SETTINGS, kind=kind, start="2026-01-01", end="2026-01-31", cursor=cursor
                )
                found += rows
                if not cursor:
                    return found

    return asyncio.run(inside())


def test_tiers_and_secrets_stay_out_of_events() -> None:
    life = Life()
    tiers = [{"up_to": None, "unit_amount_decimal": "1", "flat_amount": None}]
    life.play("price", tiers=tiers, tiers_mode="volume")
    assert "up_to" not in json.dumps(list(life.world.all("event")))
