"""When an alert begins and ends, pure; and quiet hours."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.alerts.deciding import SETTLES, Quiet, Standing, Terms, Turn, presses, step, unseen
from tests.alerts.kit import MINUTE, NOON

TERMS = Terms("open_cases", None, "", threshold=10, for_minutes=3)


def walk(terms: Terms, *values: int) -> list[Turn]:
    """The turns of one value a minute."""
    standing, turns = Standing(), []
    for minute, value in enumerate(values):
        standing, turn = step(standing, terms, value, NOON + minute * MINUTE)
        turns.append(turn)
    return turns


class TestStep:
    def test_fires_once_when_it_held_for_its_time(self) -> None:
        assert walk(TERMS, 11, 12, 11, 11, 50, 99).count(Turn.FIRES) == 1
        assert walk(TERMS, 11, 12, 11, 11)[-1] is Turn.FIRES

    def test_holds_anew_after_a_dip_before_it_fired(self) -> None:
        assert Turn.FIRES not in walk(TERMS, 11, 11, 10, 11, 11, 11)

    def test_more_than_and_at_least_differ_at_the_limit(self) -> None:
        assert not TERMS.holds(10)
        assert replace(TERMS, at_least=True).holds(10)

    def test_ends_when_it_has_not_held_for_five_minutes(self) -> None:
        turns = walk(replace(TERMS, for_minutes=0), 11, *[0] * 6)
        assert turns == [Turn.FIRES, *[Turn.NOTHING] * 5, Turn.ENDS]

    def test_a_dip_ends_nothing_and_fires_nothing_again(self) -> None:
        assert walk(replace(TERMS, for_minutes=0), 11, 0, 0, 11, 0, 11).count(Turn.FIRES) == 1
        assert Turn.ENDS not in walk(replace(TERMS, for_minutes=0), 11, 0, 0, 0, 0, 11, 0, 0)

    def test_time_in_which_nobody_looked_counts_for_nothing(self) -> None:
        assert unseen(Standing(since=NOON)) == Standing()
        held = Standing(NOON, fired=True, untrue_since=NOON + MINUTE)
        assert unseen(held) == Standing(NOON, fired=True)

    @given(st.lists(st.integers(0, 20), max_size=60), st.integers(0, 8))
    def test_begins_and_ends_take_turns(self, values: list[int], minutes: int) -> None:
        turns = walk(replace(TERMS, for_minutes=minutes), *values)
        told = [turn for turn in turns if turn is not Turn.NOTHING]
        assert told == [Turn.FIRES, Turn.ENDS] * (len(told) // 2) + told[len(told) // 2 * 2 :]
        assert told[:1] != [Turn.ENDS]
        assert timedelta(minutes=5) == SETTLES


class TestQuiet:
    @pytest.mark.parametrize(
        ("hour", "night", "day"), [(6, True, False), (7, False, False), (12, False, True),
                                   (20, True, False)],
    )  # fmt: skip
    def test_hours_may_go_over_night(self, hour: int, night: bool, day: bool) -> None:
        at = datetime(2026, 11, 18, hour, 30, tzinfo=UTC)
        assert Quiet(20, 7, "UTC").at(at) is night
        assert Quiet(9, 17, "UTC").at(at) is day

    def test_are_of_a_zone(self) -> None:
        at = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)
        assert Quiet(18, 19, "America/New_York").at(at)
        assert not Quiet(18, 19, "Europe/Berlin").at(at)


class TestPresses:
    def test_a_period_counts_from_so_many_days_before_its_end_in_its_own_zone(self) -> None:
        at = datetime(2026, 11, 28, 3, tzinfo=UTC)  # the 27th in New York
        end = date(2026, 11, 30)
        assert presses(ends=end, zone="UTC", at=at, within=2)
        assert not presses(ends=end, zone="America/New_York", at=at, within=2)
        assert presses(ends=date(2026, 10, 31), zone="UTC", at=at, within=0)
