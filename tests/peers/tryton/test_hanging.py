"""A Tryton that stops answering and goes on later, as a paused machine or a full disk makes it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from connectors.contract import CallFailed, Outcome
from connectors.http import Client
from connectors.systems.tryton.desk import Desk, journal, simple
from tests.peers.tryton.peer import TrytonPeer
from tests.peers.tryton.stopping import stop_when

pytestmark = pytest.mark.peers

OK, IN_DOUBT = Outcome.OK, Outcome.IN_DOUBT


@pytest.fixture(autouse=True)
def going_on(erp: TrytonPeer) -> Iterator[None]:
    yield
    erp.sigcont()


def eventually(erp: TrytonPeer, key: str, count: int, state: str) -> None:
    end = time.monotonic() + 20
    while True:
        moves = erp.moves(key)
        if len(moves) == count and {move["state"] for move in moves} == {state}:
            return
        assert time.monotonic() < end, moves
        time.sleep(0.1)


class TestAStoppedServer:
    def test_is_not_in_doubt_while_nothing_was_written(self, erp: TrytonPeer) -> None:
        desk = Desk(erp, timeout_s=2)
        desk.send_one(simple(9))
        erp.sigstop()
        assert desk.send_one(simple(1)).outcome is Outcome.TRANSIENT
        with pytest.raises(CallFailed):
            desk.find(simple(1).key)
        erp.sigcont()
        assert desk.send_one(simple(1)).outcome is OK
        eventually(erp, simple(1).key, 1, "posted")

    @pytest.mark.parametrize("stop_before", ["account.move/create", "model.account.move.post"])
    def test_in_the_middle_of_a_batch_loses_and_doubles_nothing(
        self, erp: TrytonPeer, stop_before: str
    ) -> None:
        desk = Desk(erp, timeout_s=2)
        desk.send_one(simple(9))
        commands = [journal(number) for number in range(5)]

        async def story(client: Client, settings: Any) -> Any:
            stop_when(client, erp, stop_before)
            return await desk.connector.send(client, settings, commands)

        stopped = desk.run(story)
        assert [receipt.outcome for receipt in stopped] == [IN_DOUBT] * 5
        erp.sigcont()
        # What was written into its socket is done now, after everybody had stopped waiting.
        state = "draft" if "create" in stop_before else "posted"
        for command in commands:
            eventually(erp, command.key, 1, state)
        found = desk.find(*(command.key for command in commands))
        drafted = {key: moves[0].external_id for key, moves in found.items()}
        again = [replace(command, drafted_id=drafted[command.key]) for command in commands]
        done = OK if state == "draft" else Outcome.ALREADY_DONE
        assert [receipt.outcome for receipt in desk.send(*again)] == [done] * 5
        held = erp.moves()
        assert len(held) == 6
        assert {move["state"] for move in held} == {"posted"}


class TestLateCommits:
    """A second server on the same books goes on while the first one is stopped with a write."""

    def test_a_draft_that_comes_late_is_deleted_and_never_posted(self, erp: TrytonPeer) -> None:
        desk = Desk(erp, timeout_s=2)
        desk.send_one(simple(9))

        async def story(client: Client, settings: Any) -> Any:
            stop_when(client, erp, "account.move?f=state")
            return await desk.connector.send(client, settings, [simple(1)])

        with erp.second_server() as address:
            other = Desk(erp, timeout_s=20, address=address)
            assert [receipt.outcome for receipt in desk.run(story)] == [IN_DOUBT]
            assert other.find(simple(1).key) == {}
            posted = other.send_one(simple(1))
            assert posted.outcome is OK
            erp.sigcont()
            end = time.monotonic() + 20
            while len(erp.moves(simple(1).key)) < 2 and time.monotonic() < end:
                time.sleep(0.1)
            states = [(move["state"], str(move["id"])) for move in erp.moves(simple(1).key)]
            assert sorted(states, reverse=True)[0] == ("posted", posted.external_id)
            assert [state for state, _ in states].count("draft") == 1
            assert other.send_one(simple(1)).outcome is Outcome.ALREADY_DONE
        eventually(erp, simple(1).key, 1, "posted")

    def test_a_posting_that_comes_late_finds_its_draft_posted(self, erp: TrytonPeer) -> None:
        desk = Desk(erp, timeout_s=2)
        desk.send_one(simple(9))
        commands = [simple(1), simple(2), simple(3)]

        async def story(client: Client, settings: Any) -> Any:
            stop_when(client, erp, "model.account.move.post")
            return await desk.connector.send(client, settings, commands)

        with erp.second_server() as address:
            other = Desk(erp, timeout_s=20, address=address)
            assert [receipt.outcome for receipt in desk.run(story)] == [IN_DOUBT] * 3
            assert [receipt.outcome for receipt in other.send(*commands)] == [OK] * 3
            erp.sigcont()
            time.sleep(1.5)
        held = erp.moves()
        assert [move["state"] for move in held] == ["posted"] * 4
        numbers = sorted(move["number"] for move in held)
        assert numbers == [f"2026/{number:06d}" for number in range(1, 5)]

    def test_deleting_the_other_draft_ends_a_posting_of_it_that_is_under_way(
        self, erp: TrytonPeer
    ) -> None:
        desk = Desk(erp, timeout_s=2)
        kept, other_draft = desk.draft(simple(1)), desk.draft(simple(1))

        async def story(client: Client, settings: Any) -> Any:
            erp.sigstop()
            headers = {"authorization": f"Bearer {erp.api_key}"}
            path = f"/{erp.database}/rest/model/account.move/{other_draft}/post"
            try:
                await client.call("POST", path, headers=headers, json={})
            except Exception as error:
                return type(error).__name__
            raise AssertionError("A stopped server answered.")

        with erp.second_server() as address:
            assert desk.run(story) == "Unanswered"
            receipt = Desk(erp, timeout_s=20, address=address).send_one(simple(1))
            assert (receipt.outcome, receipt.external_id) == (OK, kept)
            erp.sigcont()
            time.sleep(1.5)
        (move,) = erp.moves()
        assert (str(move["id"]), move["state"]) == (kept, "posted")


class TestTwoWriters:
    def test_the_same_journal_from_two_sides_is_posted_once_or_told_as_doubled(
        self, erp: TrytonPeer
    ) -> None:
        """
        Delivery lets one writer have a command. This shows what that is needed for: Tryton itself
        stops nobody, so what counts here is only that a double posting is seen.
        """
        desk = Desk(erp)

        async def both(client: Client, settings: Any) -> Any:
            sends = (desk.connector.send(client, settings, [simple(1)]) for _ in range(2))
            return await asyncio.gather(*sends)

        desk.send_one(simple(9))
        desk.run(both)
        posted = [move for move in erp.moves(simple(1).key) if move["state"] == "posted"]
        told = desk.send_one(simple(1))
        assert told.code == ("duplicate" if len(posted) > 1 else "")
        assert told.outcome in (Outcome.ALREADY_DONE, Outcome.REFUSED)
