"""What is the same for postings of all ERPs, seen without any of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from connectors import sending, shelf
from connectors.commands import Unfit
from connectors.contract import Command, Found, Outcome, Receipt
from connectors.postings import CUSTOMER
from connectors.problem import Problem, Working
from connectors.sending import Job
from connectors.shelf import Shelf
from connectors.testing.books import Books

BOOKS = Books()
DOWN = Problem(Outcome.TRANSIENT, "failed", "It is down.")


def a_job(drafted: str = "") -> Job:
    return sending.begin(Job)(replace(BOOKS.journal(1), drafted_id=drafted))


def held(content: str, number: str = "JE-7", *, posted: bool = True) -> Found:
    return Found(f"id:{number}", number, posted, content)


def judged(job: Job, *found: Found) -> Receipt | None:
    sending.judge("Ledger", "journal", job, found, content="ours")
    return job.receipt


class TestABatch:
    def test_refuses_what_is_no_posting_of_ours_and_ends_the_others(self) -> None:
        good, odd = BOOKS.journal(1), replace(BOOKS.journal(2), key="short")
        lines = replace(BOOKS.journal(3), payload={})

        async def work(jobs: Sequence[Job]) -> None:
            (job,) = jobs
            job.done(Outcome.OK, held("ours"))

        commands = [odd, good, lines, BOOKS.customer(4)]
        told = asyncio.run(sending.run("Ledger", commands, sending.begin(Job), work))
        assert [one.outcome for one in told] == [
            Outcome.REFUSED,
            Outcome.OK,
            *[Outcome.REFUSED] * 2,
        ]
        assert told[0].reason == "This is nothing that Ledger can be asked to do."

    def test_a_failed_read_ends_what_is_open_and_leaves_what_is_known(self) -> None:
        async def work(jobs: Sequence[Job]) -> None:
            jobs[0].end(Outcome.REFUSED, "period_closed", "Closed.")
            raise DOWN

        commands = [BOOKS.journal(1), replace(BOOKS.journal(2), drafted_id="draft:2")]
        told = asyncio.run(sending.run("Ledger", commands, sending.begin(Job), work))
        assert [(one.code, one.drafted_id) for one in told] == [
            ("period_closed", ""), ("failed", "draft:2"),
        ]  # fmt: skip

    def test_one_by_one_the_rest_are_left_after_one_without_an_answer(self) -> None:
        asked = []

        async def do(command: Command) -> Receipt:
            asked.append(command.key)
            if len(asked) == 1:
                raise Unfit("party_ambiguous", "Two.")
            raise DOWN

        commands = [BOOKS.customer(number) for number in range(3)]
        told = asyncio.run(sending.one_by_one("Ledger", commands, (CUSTOMER,), do))
        assert [one.code for one in told] == ["party_ambiguous", "failed", "not_tried"]
        assert len(asked) == 2


class TestWhatIsHeld:
    def test_is_done_a_draft_to_go_on_with_or_for_people(self) -> None:
        done = judged(a_job(), held("ours"))
        assert done is not None
        assert (done.outcome, done.external_number) == (Outcome.ALREADY_DONE, "JE-7")
        assert judged(a_job("draft:7"), held("ours", "", posted=False)) is None
        assert judged(a_job()) is None
        for found, code in (
            ([held("other")], "conflict"),
            ([held("other", posted=False)], "conflict"),
            ([held("ours"), held("ours", "JE-8")], "duplicate"),
        ):
            told = judged(a_job("draft:7"), *found)
            assert told is not None
            assert (told.outcome, told.code, told.drafted_id) == (Outcome.REFUSED, code, "")

    def test_work_under_way_is_named_in_place_of_the_draft(self) -> None:
        job = a_job("draft:7")
        job.fail(Working("working", "It works on it.", "job:9", seconds=20))
        assert job.receipt is not None
        assert (job.receipt.outcome, job.receipt.drafted_id) == (Outcome.WORKING, "job:9")


class TestBooks:
    def test_are_read_again_only_for_what_they_may_be_wrong_about(self) -> None:
        reads = []

        async def read(system: str) -> int:
            reads.append(system)
            return len(reads)

        def place(job: Job, library: int) -> None:
            if library < 2:
                raise Unfit("account_unknown" if job.key == first.key else "refused", "No.")

        first, second = a_job(), sending.begin(Job)(BOOKS.journal(2))
        books = Shelf(read, lambda system: system)
        stale = ("account_unknown",)
        found = asyncio.run(sending.placed("erp", books, [first, second], place, stale=stale))
        assert (found, reads) == (2, ["erp"] * 2)
        assert first.receipt is None
        assert second.receipt is not None

    def test_are_kept_for_a_while_and_forgotten_when_asked(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reads = []

        async def read(system: str) -> str:
            reads.append(system)
            return system

        books = Shelf(read, lambda system: system[:1])
        for system in ("a1", "a2", "b1"):
            asyncio.run(books.get(system))
        books.forget("a")
        asyncio.run(books.get("a3"))
        assert reads == ["a1", "b1", "a3"]
        monkeypatch.setattr(shelf, "KEPT_S", -1)
        asyncio.run(books.get("a4"))
        assert reads[-1] == "a4"
