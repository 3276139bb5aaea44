from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import CallFailed, Outcome
from connectors.problem import Problem
from connectors.systems.tryton.desk import Desk, journal, simple
from connectors.systems.tryton.standin import StandIn
from connectors.systems.tryton.wire import Tryton

OK, IN_DOUBT, TRANSIENT = Outcome.OK, Outcome.IN_DOUBT, Outcome.TRANSIENT
SHORT = 0.3


@pytest.fixture
def erp() -> StandIn:
    return StandIn()


def posted(erp: StandIn) -> list[str]:
    return [move["key"] for move in erp.moves() if move["state"] == "posted"]


class TestLostAnswers:
    def test_a_creation_without_an_answer_is_in_doubt_and_then_taken_up(self, erp: StandIn) -> None:
        desk = Desk(erp, timeout_s=SHORT)
        erp.switch(response_lost={"times": 1, "on": "create"})
        lost = desk.send_one(simple(1))
        assert (lost.outcome, lost.drafted_id) == (IN_DOUBT, "")
        (draft,) = desk.find(simple(1).key)[simple(1).key]
        assert not draft.posted
        again = desk.send_one(replace(simple(1), drafted_id=draft.external_id))
        assert (again.outcome, again.external_id) == (OK, draft.external_id)
        assert len(erp.moves()) == 1

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_posting_without_an_answer_is_in_doubt_and_found_posted(
        self, erp: StandIn, count: int
    ) -> None:
        desk = Desk(erp, timeout_s=SHORT)
        commands = [simple(number) for number in range(count)]
        erp.switch(response_lost={"times": 1, "on": "post"})
        receipts = desk.send(*commands)
        assert [receipt.outcome for receipt in receipts] == [IN_DOUBT] * count
        assert all(receipt.drafted_id for receipt in receipts)
        found = desk.find(*(command.key for command in commands))
        for command, receipt in zip(commands, receipts, strict=True):
            (move,) = found[command.key]
            assert (move.external_id, move.posted) == (receipt.drafted_id, True)
            assert move.content_sha256 == desk.connector.digest(command.payload)

    def test_a_batch_without_an_answer_leaves_every_journal_in_doubt(self, erp: StandIn) -> None:
        desk = Desk(erp, timeout_s=SHORT)
        commands = [simple(number) for number in range(4)]
        erp.switch(response_lost={"times": 1, "on": "create"})
        assert [receipt.outcome for receipt in desk.send(*commands)] == [IN_DOUBT] * 4
        assert [receipt.outcome for receipt in desk.send(*commands)] == [OK] * 4
        assert len(erp.moves()) == 4

    def test_after_a_lost_answer_the_rest_of_the_batch_is_not_tried(self, erp: StandIn) -> None:
        desk = Desk(erp, batches=False, timeout_s=SHORT)
        commands = [simple(number) for number in range(3)]
        erp.switch(response_lost={"times": 1, "on": "post"})
        outcomes = [receipt.outcome for receipt in desk.send(*commands)]
        assert outcomes == [IN_DOUBT, Outcome.NOT_SENT, Outcome.NOT_SENT]
        assert len(posted(erp)) == 1
        outcomes = [receipt.outcome for receipt in desk.send(*commands)]
        assert outcomes == [Outcome.ALREADY_DONE, OK, OK]

    @pytest.mark.parametrize("work", ["create", "post"])
    def test_a_garbled_answer_to_a_write_is_in_doubt(self, erp: StandIn, work: str) -> None:
        desk = Desk(erp)
        erp.switch(garbage={"times": 1, "on": work})
        assert desk.send_one(simple(1)).outcome is IN_DOUBT
        assert desk.send_one(simple(1)).outcome in (OK, Outcome.ALREADY_DONE)
        assert len(erp.moves()) == 1

    def test_what_is_posted_counts_as_posted_though_it_cannot_be_read_back(
        self, erp: StandIn
    ) -> None:
        desk = Desk(erp)
        desk.send_one(simple(9))  # the books are read
        # Two searches by key, then create and post; the next search is the one that reads back.
        erp.switch(hang={"times": 1, "on": "search", "after": 2})
        desk.timeout_s = SHORT
        receipt = desk.send_one(simple(1))
        assert (receipt.outcome, receipt.external_number) == (OK, "")
        assert receipt.external_id


class TestLateCommits:
    """The server goes on working after we stopped listening."""

    def test_a_draft_that_comes_late_is_deleted_and_never_posted(self, erp: StandIn) -> None:
        desk = Desk(erp, timeout_s=SHORT)

        async def story(client: Any, settings: Any) -> list[Outcome]:
            erp.switch(late_commit={"times": 1, "seconds": 1.0, "on": "create"})
            first = await desk.connector.send(client, settings, [simple(1)])
            # Asked too early: nothing is there, so it is sent again.
            assert await desk.connector.find(client, settings, [simple(1).key]) == {}
            second = await desk.connector.send(client, settings, [simple(1)])
            while len(erp.moves()) < 2:
                await asyncio.sleep(0.05)
            third = await desk.connector.send(client, settings, [simple(1)])
            return [first[0].outcome, second[0].outcome, third[0].outcome]

        assert desk.run(story) == [IN_DOUBT, OK, Outcome.ALREADY_DONE]
        assert posted(erp) == [simple(1).key]
        assert len(erp.moves()) == 1

    @pytest.mark.parametrize("count", [1, 3])
    def test_a_posting_that_comes_late_finds_its_draft_posted(
        self, erp: StandIn, count: int
    ) -> None:
        desk = Desk(erp, timeout_s=SHORT)
        commands = [simple(number) for number in range(count)]

        async def story(client: Any, settings: Any) -> list[Any]:
            erp.switch(late_commit={"times": 1, "seconds": 1.0, "on": "post"})
            first = await desk.connector.send(client, settings, commands)
            second = await desk.connector.send(client, settings, commands)
            await asyncio.sleep(1.2)
            return [first, second]

        first, second = desk.run(story)
        assert [receipt.outcome for receipt in first] == [IN_DOUBT] * count
        assert [receipt.outcome for receipt in second] == [OK] * count
        assert [r.drafted_id for r in first] == [r.external_id for r in second]
        assert len(posted(erp)) == count
        numbers = sorted(move["number"] for move in erp.moves())
        assert numbers == [f"2026/{number:06d}" for number in range(1, count + 1)]

    def test_deleting_the_other_draft_ends_a_posting_of_it_that_is_under_way(
        self, erp: StandIn
    ) -> None:
        """The worst case: two drafts, and the posting of the one that we do not choose is late."""
        desk = Desk(erp, timeout_s=SHORT)
        kept, other = desk.draft(simple(1)), desk.draft(simple(1))

        async def story(client: Any, settings: Any) -> Outcome:
            erp.switch(late_commit={"times": 1, "seconds": 1.0, "on": "post"})
            with pytest.raises(Problem):
                await Tryton(client, settings).action(f"account.move/{other}/post", {})
            (receipt,) = await desk.connector.send(client, settings, [simple(1)])
            await asyncio.sleep(1.2)
            return receipt.outcome

        assert desk.run(story) is OK
        assert [str(move["id"]) for move in erp.moves()] == [kept]
        assert posted(erp) == [simple(1).key]


class TestTargetsThatAreDown:
    @pytest.mark.parametrize("fault", ["down", "throttle", "unauthorized", "hang"])
    def test_nothing_is_in_doubt_when_the_first_look_fails(self, erp: StandIn, fault: str) -> None:
        desk = Desk(erp, timeout_s=SHORT)
        erp.switch(**{fault: True})
        receipts = desk.send(simple(1), simple(2))
        assert IN_DOUBT not in {receipt.outcome for receipt in receipts}
        assert all(receipt.reason for receipt in receipts)
        with pytest.raises(CallFailed):
            desk.find(simple(1).key)
        erp.switch(**{fault: False})
        assert [receipt.outcome for receipt in desk.send(simple(1), simple(2))] == [OK, OK]

    @pytest.mark.parametrize("status", [429, 503])
    def test_a_throttled_read_tells_how_long_to_wait(self, erp: StandIn, status: int) -> None:
        erp.switch(throttle={"times": True, "status": status}, retry_after=17)
        assert Desk(erp).send_one(simple(1)).retry_after == 17

    def test_a_503_without_tryton_words_leaves_a_write_in_doubt(self, erp: StandIn) -> None:
        erp.switch(down={"times": 1, "on": "create"})
        receipt = Desk(erp).send_one(simple(1))
        assert (receipt.outcome, receipt.http_status) == (IN_DOUBT, 503)

    def test_parties_whose_creation_got_lost_leave_no_doubt_about_the_journal(
        self, erp: StandIn
    ) -> None:
        desk = Desk(erp, timeout_s=SHORT)
        erp.switch(response_lost={"times": 1, "on": "create"})
        receipts = desk.send(journal(1), journal(2))
        assert [receipt.outcome for receipt in receipts] == [TRANSIENT] * 2
        assert [receipt.outcome for receipt in desk.send(journal(1), journal(2))] == [OK] * 2
        assert list(erp.parties()).count("cus_1") == 1

    def test_nothing_is_written_past_the_send_deadline(self, erp: StandIn) -> None:
        desk = Desk(erp)
        desk.draft(simple(2))

        async def late(client: Any, settings: Any) -> Any:
            client.send_by = time.monotonic() - 1
            return await desk.connector.send(client, settings, [simple(1), simple(2)])

        assert [receipt.outcome for receipt in desk.run(late)] == [Outcome.NOT_SENT] * 2
        assert posted(erp) == []


class TestRefusedDrafts:
    def test_a_refused_posting_leaves_no_draft_behind(self, erp: StandIn) -> None:
        desk = Desk(erp, batches=False)
        erp.switch(refuse_post=True)
        receipt = desk.send_one(simple(1))
        assert (receipt.outcome, receipt.drafted_id) == (Outcome.REFUSED, "")
        assert erp.moves() == []

    def test_a_draft_that_cannot_be_deleted_is_remembered(self, erp: StandIn) -> None:
        erp.switch(refuse_post=True, down={"times": True, "on": "delete"})
        receipt = Desk(erp).send_one(simple(1))
        assert receipt.outcome is Outcome.REFUSED
        assert receipt.drafted_id == str(erp.moves()[0]["id"])

    def test_in_a_batch_only_the_refused_ones_stop(self, erp: StandIn) -> None:
        desk = Desk(erp)
        # The posting of all of them is refused, then the first alone; the other two succeed.
        erp.switch(refuse_post=2)
        outcomes = [receipt.outcome for receipt in desk.send(simple(1), simple(2), simple(3))]
        assert outcomes == [Outcome.REFUSED, OK, OK]
        assert len(erp.moves()) == 2

    def test_accounts_that_were_closed_stop_their_own_journals_only(self, erp: StandIn) -> None:
        desk = Desk(erp)
        desk.send_one(simple(9))
        erp.switch(reject_accounts=["2100"])
        receipts = desk.send(simple(1), journal(2), simple(3))
        assert [receipt.outcome for receipt in receipts] == [OK, Outcome.REFUSED, OK]
        assert receipts[1].reason == "Account 2100 cannot be posted to in Tryton: it is closed."


class TestCost:
    def test_a_hundred_journals_take_seven_calls(self, erp: StandIn) -> None:
        desk = Desk(erp)
        desk.send_one(simple(1000))  # the books are read once
        before = erp.counts
        receipts = desk.send(*(journal(number) for number in range(100)))
        assert {receipt.outcome for receipt in receipts} == {OK}
        calls = {work: erp.counts[work] - before[work] for work in ("search", "create", "post")}
        assert calls == {"search": 4, "create": 2, "post": 1}

    def test_one_journal_takes_five_calls(self, erp: StandIn) -> None:
        desk = Desk(erp)
        desk.send_one(simple(1000))
        before = erp.counts
        desk.send_one(simple(1))
        calls = {work: erp.counts[work] - before[work] for work in ("search", "create", "post")}
        assert calls == {"search": 3, "create": 1, "post": 1}

    def test_what_is_known_to_be_refused_costs_reads_only(self, erp: StandIn) -> None:
        desk = Desk(erp)
        desk.send_one(simple(1000))
        erp.close_period("2026-05")
        late = [simple(number, accounting_date="2026-05-02") for number in range(5)]
        assert {receipt.code for receipt in desk.send(*late)} == {"period_closed"}
        created = erp.counts["create"]
        assert {receipt.code for receipt in desk.send(*late)} == {"period_closed"}
        assert erp.counts["create"] == created


class TestEchoes:
    def test_a_move_that_was_posted_with_other_amounts_is_a_conflict(
        self, erp: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ledger = erp.sandbox.ledger
        post = ledger.post

        def meddling(ids: list[int]) -> None:
            post(ids)
            for number in ids:
                erp.edit_draft(number, "9.99")

        monkeypatch.setattr(ledger, "post", meddling)
        receipt = Desk(erp).send_one(simple(1))
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "conflict")
        assert receipt.external_number == "2026/000001"
        assert "other content" in receipt.reason

    def test_a_posting_that_says_posted_and_is_not_stays_in_doubt(
        self, erp: StandIn, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erp.sandbox.ledger, "post", lambda ids: None)
        assert Desk(erp).send_one(simple(1)).outcome is IN_DOUBT
        receipts = Desk(erp).send(simple(2), simple(3))
        assert [receipt.outcome for receipt in receipts] == [IN_DOUBT] * 2


class TestCommandsThatAreNone:
    @pytest.mark.parametrize(
        "change", [{"kind": "quote.post"}, {"key": "short"}, {"key": "rc1-50%_of it"}]
    )
    def test_are_refused_without_a_call(self, erp: StandIn, change: dict[str, str]) -> None:
        receipt = Desk(erp).send_one(replace(simple(1), **change))
        assert receipt.outcome is Outcome.REFUSED
        assert erp.counts == {}

    def test_no_command_is_no_call(self, erp: StandIn) -> None:
        assert list(Desk(erp).send()) == []
        assert Desk(erp).find() == {}
        assert erp.counts == {}
