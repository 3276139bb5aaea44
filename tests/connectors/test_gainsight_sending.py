from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import pytest

from connectors.contract import CallFailed, Command, Outcome, Receipt, Settings
from connectors.http import Client
from connectors.systems.gainsight import sandbox
from connectors.systems.gainsight.connector import connector
from connectors.systems.gainsight.desk import customer, entitlement, signal
from connectors.systems.gainsight.sandbox.app import Sandbox
from connectors.testing import LOOPBACK

T = TypeVar("T")
SETTINGS = Settings(slug="gainsight", base_url=LOOPBACK, secrets={"access_key": sandbox.ACCESS_KEY})
PARENT = {"customer_id": "party-1"}


class Desk:
    """A connector at work on one sandbox."""

    def __init__(self, **parameters: Any) -> None:
        self.settings = replace(SETTINGS, parameters=parameters)
        app = sandbox.build(sandbox.Config(parameters=parameters))
        self.there: Sandbox = app.state.sandbox
        self.wire = httpx.ASGITransport(app=app)

    def run(self, work: Callable[[Client], Awaitable[T]], *, timeout_s: float = 5) -> T:
        async def inside() -> T:
            async with Client(
                LOOPBACK, hosts=(), allow_loopback=True, transport=self.wire, timeout_s=timeout_s
            ) as client:
                return await work(client)

        return asyncio.run(inside())

    def send(self, *commands: Command, timeout_s: float = 5) -> Sequence[Receipt]:
        return self.run(
            lambda client: connector.send(client, self.settings, commands), timeout_s=timeout_s
        )

    def one(self, command: Command, *, timeout_s: float = 5) -> Receipt:
        return self.send(command, timeout_s=timeout_s)[0]

    def companies(self) -> list[dict[str, Any]]:
        return self.there.tables.all("Company")


@pytest.fixture
def desk() -> Desk:
    return Desk()


class TestACompany:
    def test_is_written_with_its_ids_its_revenue_and_our_key(self, desk: Desk) -> None:
        receipt = desk.one(customer(1))
        (row,) = desk.companies()
        assert receipt.external_id == row["Gsid"]
        assert row["Stripe_Customer_Id__gc"] == "cus_1"
        assert row["RevOps_Customer__gc"] == "party-1"
        assert row["ARR"] == 12_000
        assert row["RevOps_Key__gc"] == customer(1).key

    def test_that_another_system_made_is_known_by_that_systems_id(self, desk: Desk) -> None:
        made = desk.there.tables.add(
            "Company", {"Name": "As sales wrote it", "SfdcAccountId": "001"}
        )
        ids = [{"system": "salesforce", "id": "001"}]
        receipt = desk.one(customer(1, other_ids=ids, name="As billed"))
        assert receipt.external_id == made["Gsid"]
        (row,) = desk.companies()
        assert (row["Name"], row["RevOps_Customer__gc"]) == ("As billed", "party-1")

    def test_keeps_what_the_command_does_not_speak_of(self, desk: Desk) -> None:
        desk.one(customer(1))
        desk.companies()[0]["Industry"] = "Health"
        desk.one(customer(1, revision=2, arr=None, renews_on=None))
        (row,) = desk.companies()
        assert (row["Industry"], row["ARR"]) == ("Health", 12_000)

    def test_whose_ids_lead_to_two_companies_is_refused_and_neither_is_touched(
        self, desk: Desk
    ) -> None:
        desk.there.tables.add("Company", {"Name": "One", "SfdcAccountId": "001"})
        desk.there.tables.add("Company", {"Name": "Two", "Stripe_Customer_Id__gc": "cus_1"})
        ids = [{"system": "salesforce", "id": "001"}, {"system": "stripe", "id": "cus_1"}]
        receipt = desk.one(customer(1, other_ids=ids))
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "several_meant")
        assert "One, Two" in receipt.reason
        assert [row["Name"] for row in desk.companies()] == ["One", "Two"]

    def test_comes_after_its_parent_in_whatever_order_they_are_sent(self, desk: Desk) -> None:
        grandchild = customer(3, parent={"customer_id": "party-2"})
        child = customer(2, parent=PARENT)
        receipts = desk.send(grandchild, child, customer(1))
        assert [receipt.outcome for receipt in receipts] == [Outcome.OK] * 3
        of = {row["Name"]: row for row in desk.companies()}
        assert of["Customer 3"]["ParentCompany"] == of["Customer 2"]["Gsid"]
        assert of["Customer 2"]["ParentCompany"] == of["Customer 1"]["Gsid"]

    def test_below_an_unknown_parent_is_refused_and_the_others_go_through(self, desk: Desk) -> None:
        orphan, sound = desk.send(customer(2, parent={"customer_id": "party-9"}), customer(1))
        assert (orphan.outcome, orphan.code) == (Outcome.REFUSED, "parent_missing")
        assert sound.outcome is Outcome.OK
        assert len(desk.companies()) == 1


class TestWhatComesLate:
    def test_an_older_statement_never_overwrites_a_newer_one(self, desk: Desk) -> None:
        newest = desk.one(customer(1, revision=2, name="Now"))
        late = desk.one(customer(1, revision=1, name="Before"))
        assert (late.outcome, late.code) == (Outcome.ALREADY_DONE, "superseded")
        assert late.external_id == newest.external_id
        assert desk.companies()[0]["Name"] == "Now"

    def test_of_two_statements_in_one_batch_the_newer_one_is_written_once(self, desk: Desk) -> None:
        newer, older = desk.send(
            customer(1, revision=2, name="Now"), customer(1, revision=1, name="Before")
        )
        assert (newer.outcome, older.outcome) == (Outcome.OK, Outcome.ALREADY_DONE)
        assert newer.external_id == older.external_id
        assert [row["Name"] for row in desk.companies()] == ["Now"]

    def test_a_lost_answer_is_settled_by_asking(self, desk: Desk) -> None:
        desk.there.faults.set({"response_lost": 1})
        assert desk.one(customer(1), timeout_s=0.3).outcome is Outcome.IN_DOUBT
        found = desk.run(lambda c: connector.find(c, desk.settings, [customer(1).key]))
        (held,) = found[customer(1).key]
        assert held.content_sha256 == connector.digest(customer(1).payload)
        assert desk.one(customer(1)).outcome is Outcome.ALREADY_DONE
        assert len(desk.companies()) == 1

    def test_a_late_commit_is_not_there_at_first_and_found_later(self, desk: Desk) -> None:
        async def story(client: Client) -> tuple[Receipt, int, int]:
            desk.there.faults.set({"late_commit": {"seconds": 0.6, "times": 1}})
            (receipt,) = await connector.send(client, desk.settings, [customer(1)])
            before = len(await connector.find(client, desk.settings, [customer(1).key]))
            await asyncio.sleep(0.7)
            after = len(await connector.find(client, desk.settings, [customer(1).key]))
            return receipt, before, after

        receipt, before, after = desk.run(story, timeout_s=0.3)
        assert receipt.outcome is Outcome.IN_DOUBT
        assert (before, after) == (0, 1)


class TestARefusal:
    def test_of_one_record_leaves_the_others_of_its_call_done(self, desk: Desk) -> None:
        commands = [customer(number) for number in range(20)]
        commands[7] = customer(7, name="x" * 300)
        commands[13] = customer(13, name="y" * 300)
        receipts = desk.send(*commands)
        refused = [place for place, one in enumerate(receipts) if one.outcome is Outcome.REFUSED]
        assert refused == [7, 13]
        assert "Name" in receipts[7].reason
        assert len(desk.companies()) == 18

    def test_that_names_nobody_is_narrowed_down_by_halves(self, desk: Desk) -> None:
        desk.there.faults.set({"refuse": {"times": 1, "on": "insert"}})
        receipts = desk.send(*(customer(number) for number in range(8)))
        assert [receipt.outcome for receipt in receipts] == [Outcome.OK] * 8
        assert desk.there.counts["insert"] == 3

    def test_with_status_200_is_no_success(self, desk: Desk) -> None:
        desk.there.faults.set({"refuse": True})
        receipt = desk.one(customer(1))
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "gsobj_1008")
        assert receipt.http_status == 200
        assert not desk.companies()

    def test_of_a_part_is_told_from_what_was_kept(self, desk: Desk) -> None:
        desk.there.faults.set({"partial": 1})
        receipts = desk.send(*(customer(number) for number in range(3)))
        assert [one.outcome for one in receipts] == [Outcome.OK, Outcome.OK, Outcome.REFUSED]
        assert len({one.external_id for one in receipts[:2]}) == 2
        assert "Failed to save" in receipts[2].reason

    def test_of_a_payload_that_does_not_hold_asks_nobody(self, desk: Desk) -> None:
        receipt = desk.one(customer(1, version="soon"))
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "payload_invalid")
        assert "version" in receipt.reason
        assert not desk.there.counts


class TestThrottling:
    @pytest.mark.parametrize("form", ["throttle", "throttle_200"])
    def test_is_known_by_its_body_whatever_the_status_is(self, desk: Desk, form: str) -> None:
        desk.there.faults.set({form: True})
        receipt = desk.one(customer(1))
        assert (receipt.outcome, receipt.retry_after) == (Outcome.THROTTLED, 60)

    def test_waits_as_long_as_it_is_asked_to(self, desk: Desk) -> None:
        desk.there.faults.set({"throttle": {"times": True, "on": "insert"}, "retry_after": 17})
        receipt = desk.one(customer(1))
        assert (receipt.outcome, receipt.retry_after) == (Outcome.THROTTLED, 17)

    def test_between_two_calls_of_a_batch_leaves_each_record_its_own_outcome(
        self, desk: Desk
    ) -> None:
        desk.one(customer(1))
        desk.there.faults.set({"throttle": {"times": True, "on": "insert"}})
        known, fresh = desk.send(customer(1, revision=2), customer(2))
        assert (known.outcome, fresh.outcome) == (Outcome.OK, Outcome.THROTTLED)


class TestRecordsOfOurOwn:
    def test_belong_to_the_company_and_are_given_whole(self, desk: Desk) -> None:
        company = desk.one(customer(1)).external_id
        desk.send(entitlement(1), signal(1))
        desk.one(entitlement(1, revision=2, used=None, state="revoked", ends_on="2026-05-31"))
        (row,) = desk.there.tables.all("Entitlement__gc")
        assert (row["Company__gc"], row["Used__gc"], row["State__gc"]) == (company, None, "revoked")
        (told,) = desk.there.tables.all("Payment_Signal__gc")
        assert (told["Amount__gc"], told["Currency__gc"]) == (12_990, "USD")

    def test_may_come_in_one_batch_with_their_company(self, desk: Desk) -> None:
        receipts = desk.send(signal(1), entitlement(1), customer(1))
        assert [receipt.outcome for receipt in receipts] == [Outcome.OK] * 3

    def test_are_refused_without_their_company(self, desk: Desk) -> None:
        receipt = desk.one(signal(1))
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "customer_missing")

    @pytest.mark.parametrize(
        ("currency", "minor", "sent"), [("JPY", 1500, 1500), ("KWD", 1500, 1.5), ("USD", -1, -0.01)]
    )
    def test_amounts_have_the_currencys_own_fractions(
        self, desk: Desk, currency: str, minor: int, sent: float
    ) -> None:
        desk.send(customer(1), signal(1, currency=currency, amount=minor))
        (row,) = desk.there.tables.all("Payment_Signal__gc")
        assert row["Amount__gc"] == sent


class TestABatch:
    def test_of_fifty_takes_a_handful_of_calls(self, desk: Desk) -> None:
        receipts = desk.send(*(customer(number) for number in range(50)))
        assert {receipt.outcome for receipt in receipts} == {Outcome.OK}
        assert desk.there.counts == {"read": 1, "insert": 1}

    def test_that_cannot_be_looked_up_was_not_written(self, desk: Desk) -> None:
        desk.there.faults.set({"down": {"times": True, "on": "read"}})
        receipts = desk.send(customer(1), customer(2))
        assert {receipt.outcome for receipt in receipts} == {Outcome.TRANSIENT}
        assert not desk.companies()


class TestFinding:
    def test_says_how_a_read_failed(self, desk: Desk) -> None:
        desk.there.faults.set({"unauthorized": True})
        with pytest.raises(CallFailed) as failed:
            desk.run(lambda client: connector.find(client, desk.settings, ["rc1-any"]))
        assert failed.value.outcome is Outcome.AUTH

    def test_looks_in_all_objects(self, desk: Desk) -> None:
        commands = [customer(1), entitlement(1), signal(1)]
        sent = desk.send(*commands)
        found = desk.run(
            lambda client: connector.find(client, desk.settings, [one.key for one in commands])
        )
        assert [found[one.key][0].external_id for one in commands] == [r.external_id for r in sent]
