"""What a change does to the rows of a map, without a database."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from revops.mappings.changing import Change, ChangeRefused, Slot, after

JAN, JUNE, JULY, DEC = (date(2026, month, 1) for month in (1, 6, 7, 12))
OLD, NEW = {"account": "2100"}, {"account": "2110"}
OPEN = Slot(OLD, JAN, pk=1)


def a_change(since: date | None = JUNE, until: date | None = None, op: str = "set") -> Change:
    return Change(op, "US-INC", "vat", since, until, NEW if op == "set" else {})


class TestSetting:
    def test_ends_what_stood_the_day_before(self) -> None:
        assert after([OPEN], a_change()) == [Slot(OLD, JAN, JUNE, pk=1), Slot(NEW, JUNE)]

    def test_with_a_last_day_lets_what_stood_go_on_after_it(self) -> None:
        found = after([OPEN], a_change(until=date(2026, 6, 30)))
        assert found == [Slot(OLD, JAN, JUNE, pk=1), Slot(NEW, JUNE, JULY), Slot(OLD, JULY)]

    def test_on_the_first_day_of_a_row_corrects_it_in_its_place(self) -> None:
        assert after([OPEN], a_change(JAN)) == [Slot(NEW, JAN, pk=1)]

    def test_is_refused_over_the_beginning_of_a_later_row(self) -> None:
        slots = [Slot(OLD, JAN, DEC, pk=1), Slot(NEW, DEC, pk=2)]
        with pytest.raises(ChangeRefused, match="begins on 2026-12-01") as refused:
            after(slots, a_change())
        assert refused.value.column == "until"
        assert len(after(slots, a_change(until=date(2026, 11, 30)))) == 3

    @pytest.mark.parametrize(
        ("change", "column"),
        [
            (a_change(None), "since"),
            (a_change(JUNE, JAN), "until"),
            (Change("set", "US-INC", "vat", JUNE, None, OLD), "values"),
        ],
    )
    def test_is_refused_where_it_makes_no_sense(self, change: Change, column: str) -> None:
        with pytest.raises(ChangeRefused) as refused:
            after([OPEN], change)
        assert refused.value.column == column


class TestEnding:
    def test_cuts_what_stands(self) -> None:
        found = after([OPEN], a_change(None, date(2026, 5, 31), "end"))
        assert found == [Slot(OLD, JAN, JUNE, pk=1)]

    def test_takes_back_what_has_not_begun(self) -> None:
        assert not after([Slot(NEW, DEC, pk=2)], a_change(None, JUNE, "end"))

    @pytest.mark.parametrize("slots", [[], [Slot(OLD, JAN, JUNE, pk=1)]])
    def test_of_nothing_is_refused(self, slots: list[Slot]) -> None:
        with pytest.raises(ChangeRefused):
            after(slots, a_change(None, date(2026, 5, 31), "end"))


_DAYS = st.integers(0, 60).map(lambda days: JAN + timedelta(days))


class TestAnyOrder:
    @settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(
        st.lists(
            st.tuples(_DAYS, st.none() | _DAYS, st.sampled_from(["a", "b", "c"]), st.booleans()),
            max_size=8,
        )
    )
    def test_no_two_rows_are_ever_valid_on_the_same_day(
        self, told: list[tuple[date, date | None, str, bool]]
    ) -> None:
        slots: list[Slot] = []
        for since, until, account, ends in told:
            op = "end" if ends else "set"
            try:
                slots = after(slots, Change(op, "E", "k", since, until, {"account": account}))
            except ChangeRefused:
                continue
            ordered = sorted(slots, key=lambda one: one.since)
            for one, other in zip(ordered, ordered[1:], strict=False):
                assert one.end <= other.since
            assert all(one.since < one.end for one in ordered)
