"""What becomes of a command in doubt, and what people decide (docs/reliability.md §3.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from connectors.contract import Found, Outcome, Receipt
from revops.delivery import decide
from revops.delivery.decide import IN_FLIGHT, POISON_AFTER, Next, Row, State
from tests.delivery.rows import (
    DIGEST,
    LATER,
    NOW,
    PENDING,
    POLICY,
    after,
    claimed,
    found,
    in_doubt,
    sending,
)


class TestReadResult:
    def read(self, *documents: Found, at: datetime = LATER, asked_at: datetime) -> Row:
        row = claimed(decide.check_now(in_doubt(), now=asked_at) or PENDING, at=asked_at)
        return decide.read_result(row, documents, digest=DIGEST, now=at, asked_at=asked_at)

    def test_posts_what_is_found_with_the_same_content(self) -> None:
        row = self.read(found(), asked_at=after(295))
        assert row == Row(
            State.POSTED, fence=2, attempts=1, external_id="id-7", external_number="7"
        )

    def test_posts_what_is_found_early(self) -> None:
        assert self.read(found(), at=after(20), asked_at=after(10)).state is State.POSTED

    def test_sends_again_with_the_same_key_when_nothing_is_there(self) -> None:
        row = self.read(asked_at=after(290))
        assert row == Row(State.PENDING, fence=2, next_at=after(300), attempts=1, unknown_since=NOW)

    def test_starts_afresh_after_the_answer(self) -> None:
        row = replace(claimed(in_doubt(), at=after(290)), drafted_id="9", code="x", reason="y")
        row = decide.read_result(row, [], digest=DIGEST, now=LATER)
        assert (row.drafted_id, row.code, row.reason) == ("", "", "")

    def test_sends_again_what_was_not_there_when_no_window_was_set(self) -> None:
        row = replace(claimed(in_doubt(), at=after(290)), settle_until=None)
        assert decide.read_result(row, [], digest=DIGEST, now=NOW).state is State.PENDING

    def test_does_not_send_again_on_an_early_answer(self) -> None:
        row = self.read(at=after(100), asked_at=after(90))
        assert (row.state, row.next_at, row.code) == (State.UNKNOWN, after(290), "")

    def test_does_not_send_again_when_the_question_was_early_and_the_answer_late(self) -> None:
        row = self.read(at=after(310), asked_at=after(289))
        assert row.state is State.UNKNOWN
        claim = decide.claim(row, now=after(311), policy=POLICY)
        assert claim is not None
        assert claim[1] is Next.READ

    def test_takes_the_answer_for_the_question_when_only_one_time_is_given(self) -> None:
        row = claimed(in_doubt(), at=after(290))
        assert decide.read_result(row, [], digest=DIGEST, now=after(289)).state is State.UNKNOWN
        assert decide.read_result(row, [], digest=DIGEST, now=after(290)).state is State.PENDING

    def test_posts_a_draft_that_is_there_when_nothing_can_still_happen_to_it(self) -> None:
        row = self.read(found(posted=False), asked_at=after(290))
        assert (row.state, row.drafted_id) == (State.PENDING, "id-7")

    def test_leaves_an_early_draft_to_the_call_that_may_still_post_it(self) -> None:
        row = self.read(found(posted=False), at=after(20), asked_at=after(10))
        assert (row.state, row.next_at) == (State.UNKNOWN, after(290))

    @pytest.mark.parametrize("posted", [True, False])
    def test_hands_other_content_to_a_person(self, posted: bool) -> None:
        row = self.read(found(digest="x", posted=posted), asked_at=after(10))
        assert (row.state, row.code, row.next_at) == (State.EXCEPTION, "conflict", None)
        assert row.drafted_id == ("" if posted else "id-7")
        assert row.settle_until is None
        assert "holds 7 under" in row.reason

    def test_names_documents_without_a_number_by_their_id(self) -> None:
        nameless = replace(found(digest="x"), external_number="")
        assert "id-7" in self.read(nameless, asked_at=after(10)).reason
        assert "id-7, 8" in self.read(nameless, found(number="8"), asked_at=after(10)).reason

    def test_hands_two_documents_to_a_person_and_names_them(self) -> None:
        row = self.read(found(), found(number="8"), asked_at=after(10))
        assert (row.state, row.code) == (State.EXCEPTION, "duplicate")
        assert "7, 8" in row.reason

    def test_asks_again_later_when_the_question_was_not_answered(self) -> None:
        row = decide.read_failed(
            claimed(in_doubt(), at=after(290)), now=after(300), wait_for=9, reason="no answer"
        )
        assert (row.state, row.next_at, row.reason) == (State.UNKNOWN, after(309), "no answer")
        claim = decide.claim(row, now=after(309), policy=POLICY)
        assert claim is not None
        assert claim[1] is Next.READ


class TestPeople:
    def refused(self) -> Row:
        receipt = Receipt(Outcome.REFUSED, code="period_closed", reason="January is closed.")
        return decide.conclude(sending(), receipt, now=NOW, random=0)

    def test_may_retry_what_was_refused_under_the_same_count(self) -> None:
        row = decide.retry(self.refused(), now=after(9))
        assert row is not None
        assert row == Row(State.PENDING, fence=1, next_at=after(9), attempts=1)

    def test_may_retry_poison_with_a_clean_slate(self) -> None:
        poison = decide.give_up(replace(claimed(), crash_count=POISON_AFTER))
        row = decide.retry(poison, now=after(9))
        assert row is not None
        assert row.crash_count == 0

    @pytest.mark.parametrize("code", ["duplicate", "conflict"])
    def test_may_not_send_what_the_target_holds_already(self, code: str) -> None:
        assert decide.retry(replace(self.refused(), code=code), now=NOW) is None

    @pytest.mark.parametrize("state", sorted(set(State) - {State.EXCEPTION}))
    def test_may_not_retry_anything_else(self, state: State) -> None:
        assert decide.retry(Row(state, next_at=NOW), now=NOW) is None

    def test_may_ask_early_about_what_is_in_doubt(self) -> None:
        row = decide.check_now(in_doubt(), now=after(30))
        assert row is not None
        claim = decide.claim(row, now=after(30), policy=POLICY)
        assert claim is not None
        assert claim[1] is Next.READ

    @pytest.mark.parametrize("state", sorted(set(State) - {State.UNKNOWN}))
    def test_have_nothing_to_ask_about_anything_else(self, state: State) -> None:
        assert decide.check_now(Row(state, next_at=NOW), now=NOW) is None

    @pytest.mark.parametrize("state", [State.PENDING, State.RETRY_WAIT, State.EXCEPTION])
    def test_may_cancel_what_left_nothing_at_the_target(self, state: State) -> None:
        row = decide.cancel(Row(state, next_at=NOW, attempts=2))
        assert row is not None
        assert (row.state, row.next_at) == (State.CANCELLED, None)

    @pytest.mark.parametrize("state", sorted({*IN_FLIGHT, State.UNKNOWN, State.POSTED}))
    def test_may_not_cancel_what_is_under_way_in_doubt_or_done(self, state: State) -> None:
        assert decide.cancel(Row(state, next_at=NOW)) is None

    def test_may_not_cancel_after_an_attempt_that_was_never_answered(self) -> None:
        row = claimed(in_doubt(), at=after(290))
        row = decide.read_result(row, [], digest=DIGEST, now=after(291))
        assert row.state is State.PENDING
        assert decide.cancel(row) is None
        again = sending(row, at=after(291))
        refused = decide.conclude(again, Receipt(Outcome.REFUSED), now=after(292), random=0)
        assert refused.state is State.EXCEPTION
        assert decide.cancel(refused) is None

    def test_may_not_cancel_what_left_a_draft(self) -> None:
        assert decide.cancel(replace(self.refused(), drafted_id="9")) is None
