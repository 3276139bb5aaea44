"""What a command's next state is, rule by rule, up to its answer (docs/reliability.md §3.3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Outcome, Receipt
from revops.delivery import decide
from revops.delivery.decide import IN_FLIGHT, LIVE, POISON_AFTER, Next, Row, State
from tests.delivery.rows import (
    DIGEST,
    NOW,
    PENDING,
    POLICY,
    RETRY_ANYWAY,
    after,
    claimed,
    found,
    in_doubt,
    sending,
)


class TestClaim:
    def test_gives_a_due_command_a_new_fence_and_a_lease(self) -> None:
        claim = decide.claim(replace(PENDING, fence=3), now=NOW, policy=POLICY)
        assert claim is not None
        assert (claim[0].state, claim[0].fence, claim[0].next_at) == (State.CLAIMED, 4, after(60))
        assert claim[1] is Next.SEND

    def test_leaves_alone_what_is_not_due(self) -> None:
        assert decide.claim(replace(PENDING, next_at=after(1)), now=NOW, policy=POLICY) is None

    @pytest.mark.parametrize("state", sorted(set(State) - set(LIVE)))
    def test_leaves_alone_what_has_ended_or_is_with_a_person(self, state: State) -> None:
        assert decide.claim(Row(state, next_at=NOW), now=NOW, policy=POLICY) is None

    def test_refuses_a_second_lease_until_the_first_is_over(self) -> None:
        first = claimed()
        assert decide.claim(first, now=after(59), policy=POLICY) is None
        second = decide.claim(first, now=after(60), policy=POLICY)
        assert second is not None
        assert second[0].fence > first.fence

    def test_takes_a_lapsed_claim_for_a_crash_and_sends(self) -> None:
        claim = decide.claim(claimed(), now=after(61), policy=POLICY)
        assert claim is not None
        assert claim[1] is Next.SEND
        assert (claim[0].crash_count, claim[0].attempts) == (1, 0)

    def test_takes_a_lapsed_send_for_in_doubt_and_never_for_unsent(self) -> None:
        claim = decide.claim(sending(), now=after(61), policy=POLICY)
        assert claim is not None
        row, purpose = claim
        assert purpose is Next.WAIT
        assert (row.state, row.unknown_since, row.settle_until) == (
            State.UNKNOWN, after(61), after(290),
        )  # fmt: skip
        assert row.crash_count == 1

    def test_asks_about_doubt_once_the_settle_window_is_over(self) -> None:
        claim = decide.claim(in_doubt(), now=after(290), policy=POLICY)
        assert claim is not None
        assert (claim[0].state, claim[1]) == (State.UNKNOWN, Next.READ)

    def test_gives_up_what_ends_its_worker_every_time(self) -> None:
        row, now = PENDING, NOW
        for _ in range(POISON_AFTER):
            row, now = claimed(row, at=now), now + timedelta(seconds=61)
        claim = decide.claim(row, now=now, policy=POLICY)
        assert claim is not None
        assert claim[1] is Next.GIVE_UP

    def test_does_not_give_up_what_is_in_doubt(self) -> None:
        row = replace(in_doubt(), crash_count=POISON_AFTER)
        claim = decide.claim(row, now=after(290), policy=POLICY)
        assert claim is not None
        assert claim[1] is Next.READ

    @given(st.sampled_from(State), st.integers(0, 9), st.integers(-5, 5))
    def test_always_lets_the_fence_grow(self, state: State, fence: int, seconds: int) -> None:
        row = Row(state, fence=fence, next_at=after(seconds))
        claim = decide.claim(row, now=NOW, policy=POLICY)
        assert (claim is not None) is (state in LIVE and seconds <= 0)
        if claim is not None:
            assert claim[0].fence == fence + 1
            assert claim[0].state in (State.CLAIMED, State.UNKNOWN)


class TestGivingBack:
    def test_waits_until_the_settle_window_is_over(self) -> None:
        row = decide.wait(claimed(sending(), at=after(61)))
        assert (row.state, row.next_at) == (State.UNKNOWN, after(290))

    def test_hands_poison_to_a_person(self) -> None:
        row = decide.give_up(replace(claimed(), crash_count=3))
        assert (row.state, row.code, row.next_at) == (State.EXCEPTION, "poison", None)
        assert "3 times" in row.reason

    def test_keeps_its_turn_when_there_is_no_settle_window_to_wait_for(self) -> None:
        row = replace(in_doubt(), settle_until=None, next_at=after(60))
        assert decide.wait(row).next_at == after(60)

    def test_gives_a_claim_back_untouched(self) -> None:
        row = decide.release(claimed(), now=after(5))
        assert (row.state, row.next_at, row.attempts) == (State.PENDING, after(5), 0)

    def test_gives_doubt_back_as_doubt(self) -> None:
        row = decide.release(claimed(in_doubt(), at=after(290)), now=after(295))
        assert (row.state, row.next_at) == (State.UNKNOWN, after(295))
        assert (row.settle_until, row.unknown_since) == (after(290), NOW)

    def test_takes_a_send_that_is_given_back_for_in_doubt(self) -> None:
        row = decide.release(sending(), now=after(5))
        assert (row.state, row.unknown_since) == (State.UNKNOWN, after(5))


class TestIntend:
    def test_counts_the_attempt_and_opens_the_settle_window(self) -> None:
        row = sending()
        assert (row.state, row.attempts) == (State.SENDING, 1)
        assert (row.next_at, row.settle_until) == (after(60), after(290))

    def test_renews_the_lease_for_the_time_of_the_call(self) -> None:
        row = decide.intend(claimed(), now=after(40), policy=POLICY)
        assert (row.next_at, row.settle_until) == (after(100), after(330))

    @pytest.mark.parametrize("state", sorted(set(State) - {State.CLAIMED}))
    def test_refuses_whatever_nobody_holds_for_sending(self, state: State) -> None:
        with pytest.raises(ValueError, match="must not be sent"):
            decide.intend(Row(state, next_at=NOW), now=NOW, policy=POLICY)


class TestConclude:
    def conclude(self, receipt: Receipt, row: Row | None = None, random: float = 0.5) -> Row:
        return decide.conclude(row or sending(), receipt, now=after(3), random=random)

    def test_posts_what_the_target_names(self) -> None:
        row = self.conclude(Receipt(Outcome.OK, external_id="41", external_number="JE-41"))
        assert row == Row(
            State.POSTED, fence=1, attempts=1, external_id="41", external_number="JE-41"
        )

    def test_forgets_all_trouble_once_it_is_posted(self) -> None:
        troubled = replace(
            sending(), crash_count=2, unknown_since=NOW, drafted_id="9", code="x", reason="y"
        )
        receipt = Receipt(Outcome.OK, external_id="41", code="noise", reason="noise")
        assert self.conclude(receipt, troubled) == Row(
            State.POSTED, fence=1, attempts=1, external_id="41"
        )

    def test_does_not_post_on_a_good_answer_that_names_nothing(self) -> None:
        row = self.conclude(Receipt(Outcome.OK))
        assert (row.state, row.next_at) == (State.UNKNOWN, after(290))

    def test_reads_and_compares_what_is_said_to_be_there_already(self) -> None:
        row = self.conclude(Receipt(Outcome.ALREADY_DONE, external_id="41"))
        claim = decide.claim(row, now=after(3), policy=POLICY)
        assert claim is not None
        assert claim[1] is Next.READ
        other = decide.read_result(claim[0], [found(digest="x")], digest=DIGEST, now=after(4))
        assert (other.state, other.code) == (State.EXCEPTION, "conflict")
        same = decide.read_result(claim[0], [found()], digest=DIGEST, now=after(4))
        assert same.state is State.POSTED

    def test_does_not_send_again_when_what_is_said_to_be_there_is_not_found_yet(self) -> None:
        row = self.conclude(Receipt(Outcome.ALREADY_DONE, external_id="41"))
        row = decide.read_result(claimed(row, at=after(3)), [], digest=DIGEST, now=after(4))
        assert (row.state, row.next_at) == (State.UNKNOWN, after(290))

    def test_hands_a_refusal_to_a_person_with_its_reason(self) -> None:
        receipt = Receipt(Outcome.REFUSED, code="period_closed", reason="January is closed.")
        row = self.conclude(receipt, replace(sending(), crash_count=2))
        assert (row.state, row.code, row.reason) == (
            State.EXCEPTION, "period_closed", "January is closed.",
        )  # fmt: skip
        assert (row.next_at, row.settle_until, row.crash_count) == (None, None, 0)

    def test_names_a_refusal_that_has_no_name(self) -> None:
        assert self.conclude(Receipt(Outcome.REFUSED)).code == "refused"

    def test_believes_a_refusal_about_the_draft_that_it_left(self) -> None:
        drafted = replace(sending(), drafted_id="9")
        assert self.conclude(Receipt(Outcome.REFUSED), drafted).drafted_id == ""
        refusal = Receipt(Outcome.REFUSED, drafted_id="9")
        assert self.conclude(refusal, drafted).drafted_id == "9"

    def test_keeps_the_reason_for_whoever_looks_meanwhile(self) -> None:
        row = self.conclude(Receipt(Outcome.TRANSIENT, code="locked", reason="Somebody posts."))
        assert (row.code, row.reason) == ("locked", "Somebody posts.")

    def test_leaves_silence_in_doubt_until_the_settle_window_is_over(self) -> None:
        row = self.conclude(Receipt(Outcome.IN_DOUBT))
        assert (row.state, row.next_at, row.unknown_since) == (
            State.UNKNOWN, after(290), after(3),
        )  # fmt: skip

    @pytest.mark.parametrize("outcome", RETRY_ANYWAY)
    def test_sends_again_later_what_surely_was_not_done(self, outcome: Outcome) -> None:
        row = self.conclude(Receipt(outcome), replace(sending(), crash_count=2))
        assert row.state is State.RETRY_WAIT
        assert row.next_at is not None
        assert row.next_at > after(3)
        assert (row.settle_until, row.crash_count) == (None, 0)

    def test_comes_back_soon_after_a_send_that_was_abandoned(self) -> None:
        row = self.conclude(Receipt(Outcome.NOT_SENT), random=0.99)
        assert row.next_at is not None
        assert row.next_at <= after(3) + timedelta(seconds=1.2)

    @pytest.mark.parametrize("outcome", [Outcome.THROTTLED, Outcome.TRANSIENT])
    @pytest.mark.parametrize(("said", "waits"), [(7, 7), (-20, 1), (10**9, 3600)])
    def test_waits_as_asked_but_never_for_years(
        self, outcome: Outcome, said: int, waits: int
    ) -> None:
        row = self.conclude(Receipt(outcome, retry_after=said))
        assert row.next_at == after(3 + waits)

    def test_backs_off_further_with_each_attempt(self) -> None:
        waits = [
            self.conclude(Receipt(Outcome.THROTTLED), replace(sending(), attempts=n), random=0.9)
            for n in (1, 3, 5)
        ]
        dues = [row.next_at for row in waits]
        assert dues == sorted(set(dues), key=lambda due: due or NOW)

    def test_asks_again_about_what_the_target_works_on_and_only_by_its_name(self) -> None:
        receipt = Receipt(Outcome.WORKING, drafted_id="job:7", code="working", retry_after=20)
        row = self.conclude(receipt, replace(sending(), attempts=9))
        assert (row.state, row.drafted_id) == (State.RETRY_WAIT, "job:7")
        assert (row.next_at, row.code) == (after(23), "working")
        assert decide.cancel(row) is None
        unnamed = self.conclude(Receipt(Outcome.WORKING, retry_after=20))
        assert (unnamed.state, unnamed.next_at) == (State.UNKNOWN, after(290))

    @pytest.mark.parametrize("outcome", sorted(set(Outcome) - {Outcome.OK, Outcome.REFUSED}))
    def test_remembers_a_draft_whatever_came_after_it(self, outcome: Outcome) -> None:
        assert self.conclude(Receipt(outcome, drafted_id="9")).drafted_id == "9"
        assert self.conclude(Receipt(outcome), replace(sending(), drafted_id="9")).drafted_id == "9"

    @given(st.sampled_from(Outcome), st.floats(0, 0.999), st.integers(0, 50))
    def test_never_leads_straight_back_to_sending(
        self, outcome: Outcome, random: float, attempts: int
    ) -> None:
        receipt = Receipt(outcome, external_id="41")
        row = self.conclude(receipt, replace(sending(), attempts=attempts), random)
        assert row.state not in IN_FLIGHT
        assert (row.next_at is not None) is (row.state in LIVE)
