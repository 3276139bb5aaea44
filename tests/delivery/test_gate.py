"""How much may be sent to a connection now, and what its answers change."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import Outcome
from revops.delivery import gate as gates
from revops.delivery.gate import (
    FIRST_TRIAL,
    FULL_SPEED,
    LONGEST_TRIAL,
    TRIP_AFTER,
    Allowance,
    Breaker,
    GateRow,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPEN_GATE = GateRow()
FAILURES = (Outcome.IN_DOUBT, Outcome.TRANSIENT, Outcome.AUTH, Outcome.NOT_SENT)
ANSWERS = (Outcome.OK, Outcome.ALREADY_DONE, Outcome.REFUSED)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(
    gate: GateRow,
    *outcomes: Outcome,
    at: datetime = NOW,
    asked: int | None = None,
    random: float = 0.5,
) -> GateRow:
    return gates.observe(gate, [(each, asked) for each in outcomes], now=at, random=random)


def allowed(gate: GateRow, *, at: datetime = NOW, most: int = 200) -> Allowance:
    return gates.allow(gate, now=at, most=most)[1]


def tripped(outcome: Outcome = Outcome.IN_DOUBT) -> GateRow:
    return told(OPEN_GATE, *[outcome] * TRIP_AFTER)


def on_trial(gate: GateRow) -> GateRow:
    assert gate.retry_at is not None
    return gates.allow(gate, now=gate.retry_at, most=200)[0]


class TestTheBreaker:
    @pytest.mark.parametrize("outcome", FAILURES)
    def test_trips_after_five_failures_in_a_row(self, outcome: Outcome) -> None:
        assert told(OPEN_GATE, *[outcome] * 4).breaker is Breaker.CLOSED
        gate = tripped(outcome)
        assert (gate.breaker, gate.opened_at, gate.failures) == (Breaker.OPEN, NOW, 5)
        assert gate.story

    @pytest.mark.parametrize("answer", ANSWERS)
    def test_counts_anew_after_an_answer_even_a_refusal(self, answer: Outcome) -> None:
        gate = told(OPEN_GATE, *[Outcome.IN_DOUBT] * 4, answer, *[Outcome.IN_DOUBT] * 4)
        assert gate.breaker is Breaker.CLOSED

    def test_does_not_trip_on_throttling(self) -> None:
        gate = told(OPEN_GATE, *[Outcome.THROTTLED] * 50)
        assert (gate.breaker, gate.failures) == (Breaker.CLOSED, 0)

    def test_takes_work_that_takes_its_time_for_an_answer_and_holds_nobody_back(self) -> None:
        failing = told(OPEN_GATE, *[Outcome.IN_DOUBT] * 4)
        gate = told(failing, Outcome.WORKING, asked=600)
        assert (gate.failures, gate.not_before, gate.slow_start) == (0, None, 0)

    @pytest.mark.parametrize("beside", [*ANSWERS, Outcome.THROTTLED])
    def test_does_not_blame_the_target_when_our_time_to_send_ran_out(self, beside: Outcome) -> None:
        gate = told(OPEN_GATE, beside, *[Outcome.NOT_SENT] * 50)
        assert (gate.breaker, gate.failures) == (Breaker.CLOSED, 0)

    def test_admits_nothing_until_the_trial_is_due(self) -> None:
        gate = tripped()
        until = after(FIRST_TRIAL)
        assert allowed(gate, at=after(FIRST_TRIAL - 1)) == Allowance(
            0, until, "sending is suspended"
        )
        assert allowed(gate, at=until).count == 1

    def test_admits_one_command_while_it_is_on_trial(self) -> None:
        gate = on_trial(tripped())
        assert gate.breaker is Breaker.HALF_OPEN
        assert allowed(gate, at=after(60)).count == 1
        assert allowed(gate, at=after(60), most=0).count == 0

    def test_waits_twice_as_long_after_each_failed_trial_up_to_a_bound(self) -> None:
        gate, waits = tripped(), []
        for _ in range(9):
            assert gate.retry_at is not None
            at = gate.retry_at
            gate = told(on_trial(gate), Outcome.IN_DOUBT, at=at)
            assert gate.retry_at is not None
            waits.append((gate.retry_at - at).total_seconds())
        assert waits[:3] == [2 * FIRST_TRIAL, 4 * FIRST_TRIAL, 8 * FIRST_TRIAL]
        assert waits[-1] == LONGEST_TRIAL
        assert gate.opened_at == NOW

    def test_closes_after_one_good_trial_and_forgets_its_trips(self) -> None:
        gate = told(on_trial(tripped()), Outcome.OK)
        assert (gate.breaker, gate.failures, gate.trips) == (Breaker.CLOSED, 0, 0)
        assert (gate.opened_at, gate.retry_at, gate.story) == (None, None, "")

    def test_lets_a_person_have_the_trial_now(self) -> None:
        gate = gates.trial(tripped(), now=after(1))
        assert allowed(gate, at=after(1)).count == 1
        both = gates.trial(replace(tripped(), not_before=after(500)), now=after(1))
        assert allowed(both, at=after(1)).count == 1
        waiting = replace(OPEN_GATE, not_before=after(500))
        assert allowed(gates.trial(waiting, now=NOW)).count == 200

    def test_opens_again_after_a_failed_trial_however_few_failures_there_were(self) -> None:
        gate = told(GateRow(breaker=Breaker.HALF_OPEN), Outcome.IN_DOUBT)
        assert gate.breaker is Breaker.OPEN

    def test_keeps_counting_failures_that_come_in_late_without_moving_the_trial(self) -> None:
        gate = tripped()
        late = told(gate, Outcome.IN_DOUBT, at=after(5))
        assert (late.failures, late.retry_at, late.trips) == (6, gate.retry_at, 1)

    def test_tries_at_once_when_no_time_is_set(self) -> None:
        assert allowed(replace(tripped(), retry_at=None)).count == 1

    def test_spreads_the_trials_of_many_gates(self) -> None:
        early, late = (
            told(OPEN_GATE, *[Outcome.IN_DOUBT] * 5, random=random).retry_at
            for random in (0.0, 0.9)
        )
        assert early is not None
        assert late is not None
        assert after(FIRST_TRIAL * 0.75) == early < late <= after(FIRST_TRIAL * 1.25)


class TestSlowStart:
    def test_doubles_the_batch_with_each_batch_that_was_answered(self) -> None:
        gate, sizes = told(on_trial(tripped()), Outcome.OK), []
        while gate.slow_start:
            sizes.append(allowed(gate, most=1000).count)
            gate = told(gate, *[Outcome.OK] * sizes[-1])
        assert sizes == [2, 4, 8, 16, 32, 64, 128]
        assert allowed(gate, most=1000).count == 1000

    def test_does_not_grow_while_our_time_to_send_runs_out(self) -> None:
        gate = told(replace(OPEN_GATE, slow_start=64), Outcome.OK, Outcome.NOT_SENT)
        assert gate.slow_start == 64

    def test_does_not_grow_on_silence(self) -> None:
        gate = told(replace(OPEN_GATE, slow_start=64), Outcome.IN_DOUBT)
        assert gate.slow_start == 64

    def test_halves_the_batch_once_for_a_throttled_batch(self) -> None:
        gate = told(OPEN_GATE, Outcome.OK, *[Outcome.THROTTLED] * 20)
        assert gate.slow_start == FULL_SPEED // 2
        assert told(gate, Outcome.THROTTLED).slow_start == FULL_SPEED // 4

    def test_never_stops_sending_altogether(self) -> None:
        gate = replace(OPEN_GATE, slow_start=1)
        assert told(gate, Outcome.THROTTLED).slow_start == 1


class TestRetryAfter:
    @pytest.mark.parametrize(("said", "waits"), [(30, 30), (1, 1), (-5, 1), (10**9, 3600)])
    def test_holds_back_everybody_for_as_long_as_asked_within_bounds(
        self, said: int, waits: int
    ) -> None:
        gate = told(OPEN_GATE, Outcome.OK, Outcome.THROTTLED, asked=said)
        assert gate.not_before == after(waits)
        early = allowed(gate, at=after(waits - 0.001))
        assert (early.count, early.until) == (0, after(waits))
        assert allowed(gate, at=after(waits)).count > 0

    def test_holds_back_a_moment_when_no_time_was_named(self) -> None:
        assert told(OPEN_GATE, Outcome.THROTTLED).not_before == after(1.5)

    def test_is_never_shortened_by_a_later_answer(self) -> None:
        gate = told(OPEN_GATE, Outcome.THROTTLED, asked=300)
        assert told(gate, Outcome.THROTTLED, asked=2).not_before == after(300)
        assert told(gate, Outcome.OK).not_before == after(300)


class TestWindowAndPause:
    def test_admits_nothing_inside_a_maintenance_window(self) -> None:
        gate = replace(OPEN_GATE, window_from=NOW, window_to=after(60))
        assert allowed(gate, at=after(-1)).count == 200
        assert allowed(gate) == Allowance(0, after(60), "maintenance window")
        assert allowed(gate, at=after(60)).count == 200

    def test_takes_no_notice_of_a_window_with_one_end(self) -> None:
        assert allowed(replace(OPEN_GATE, window_from=NOW)).count == 200
        assert allowed(replace(OPEN_GATE, window_to=after(60))).count == 200

    def test_admits_nothing_while_a_person_has_paused_it(self) -> None:
        for_good = replace(OPEN_GATE, paused_at=NOW)
        assert allowed(for_good, at=after(10**6)) == Allowance(0, None, "paused")
        for_a_while = replace(for_good, paused_until=after(60))
        assert allowed(for_a_while).until == after(60)
        assert allowed(for_a_while, at=after(60)).count == 200

    @pytest.mark.parametrize(
        "closed",
        [
            replace(OPEN_GATE, paused_at=NOW),
            replace(OPEN_GATE, window_from=NOW, window_to=after(9)),
            replace(OPEN_GATE, not_before=after(9)),
            replace(tripped(), rate=10),
        ],
        ids=["paused", "window", "asked to wait", "suspended"],
    )
    def test_takes_no_token_and_changes_nothing_while_it_is_shut(self, closed: GateRow) -> None:
        assert gates.allow(closed, now=after(1), most=5)[0] == closed


class TestTheRate:
    @given(
        rate=st.integers(1, 50),
        asks=st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(1, 300)), max_size=25),
    )
    def test_is_never_exceeded_over_any_stretch_of_time(
        self, rate: int, asks: list[tuple[int, int]]
    ) -> None:
        gate, at = replace(OPEN_GATE, rate=rate), NOW
        granted: list[tuple[datetime, int]] = []
        for pause, most in asks:
            at += timedelta(microseconds=pause)
            gate, allowance = gates.allow(gate, now=at, most=most)
            granted.append((at, allowance.count))
            assert 0 <= gate.tokens <= rate
        for first, (begin, _) in enumerate(granted):
            total = 0
            for moment, count in granted[first:]:
                total += count
                # A full bucket at the start, and what has been earned since; a grain for rounding.
                assert total <= rate + (moment - begin).total_seconds() * rate + 0.001

    @given(rate=st.integers(1, 50), pauses=st.lists(st.floats(0.001, 0.2), min_size=1, max_size=80))
    def test_is_reached_by_whoever_keeps_asking(self, rate: int, pauses: list[float]) -> None:
        gate, at, total = replace(OPEN_GATE, rate=rate), NOW, 0
        for pause in pauses:
            at += timedelta(seconds=pause)
            gate, allowance = gates.allow(gate, now=at, most=1000)
            total += allowance.count
        elapsed = sum(pauses) - pauses[0]
        assert total >= min(rate, rate + int(elapsed * rate) - 1)

    def test_says_when_the_next_token_comes(self) -> None:
        gate, first = gates.allow(replace(OPEN_GATE, rate=4), now=NOW, most=9)
        assert first.count == 4
        assert allowed(gate, most=9) == Allowance(0, after(0.25), "rate limit")
        assert allowed(gate, at=after(0.25), most=9).count == 1

    def test_has_a_full_bucket_after_a_pause(self) -> None:
        gate, _ = gates.allow(replace(OPEN_GATE, rate=4), now=NOW, most=9)
        gate, later = gates.allow(gate, now=after(60), most=3)
        assert (later.count, gate.tokens) == (3, 1)

    def test_is_unlimited_when_it_is_nought(self) -> None:
        assert allowed(OPEN_GATE, most=10**6).count == 10**6
