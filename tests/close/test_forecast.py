"""When a close will be clean: pure, and the same for everybody."""

from __future__ import annotations

from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from revops.close import workdays
from revops.close.forecast import Forecast, foresee

AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
TARGET = date(2026, 11, 4)
hours = st.integers(min_value=0, max_value=500)


def of(ages: list[int], took: list[int], holidays: frozenset[date] = frozenset()) -> Forecast:
    return foresee(ages=ages, took=took, at=AT, zone="UTC", target=TARGET, holidays=holidays)


class TestForecast:
    def test_of_nothing_open_is_clean_today(self) -> None:
        found = of([], [])
        assert (found.clean, found.p50, found.percent) == (True, date(2026, 11, 2), 100)

    def test_of_nothing_open_after_the_target_has_missed_it(self) -> None:
        found = foresee(ages=[], took=[], at=AT, zone="UTC", target=date(2026, 11, 1))
        assert (found.clean, found.percent) == (True, 0)

    def test_knows_nothing_from_too_few(self) -> None:
        found = of([1], [10, 10, 10, 10])
        assert (found.p50, found.p90, found.percent) == (None, None, None)

    def test_of_one_cause_are_the_shares_of_the_earlier_ones(self) -> None:
        found = of([0], [10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
        # 50 hours from Monday noon: Wednesday; 90 hours: Friday. By Wednesday's end: 60 hours.
        assert (found.p50, found.p90) == (date(2026, 11, 4), date(2026, 11, 6))
        assert found.percent == 60

    def test_of_several_is_the_product(self) -> None:
        assert of([0, 0], [10, 20, 30, 40, 50, 60, 70, 80, 90, 100]).percent == 36

    def test_compares_a_cause_with_those_that_took_longer(self) -> None:
        found = of([45], [10, 20, 30, 40, 50, 60, 70, 80, 90, 100])
        # Left after 45 hours: 5, 15, 25, 35, 45, 55 hours; all within the 60 to the target.
        assert found.percent == 100

    def test_moves_days_to_when_people_work(self) -> None:
        found = of([0], [100] * 5)  # Friday 6 November, 16:00
        assert found.p50 == date(2026, 11, 6)
        off = frozenset({date(2026, 11, 6)})
        assert of([0], [100] * 5, off).p50 == date(2026, 11, 9)

    @settings(max_examples=40, deadline=None)
    @given(ages=st.lists(hours, min_size=1, max_size=6), took=st.lists(hours, min_size=5))
    def test_never_gets_worse_when_one_is_cleared(self, ages: list[int], took: list[int]) -> None:
        whole, less = of(ages, took), of(ages[1:], took)
        assert (less.percent or 0) >= (whole.percent or 0)
        assert less.p50
        assert whole.p50
        assert whole.p90
        assert less.p50 <= whole.p50 <= whole.p90
        assert of(ages, list(reversed(took))) == whole


class TestWorkdays:
    def test_leave_out_weekends_and_holidays(self) -> None:
        friday = date(2026, 10, 30)
        assert workdays.after(friday, 1) == date(2026, 11, 2)
        assert workdays.after(friday, 1, {date(2026, 11, 2)}) == date(2026, 11, 3)
        assert workdays.after(friday, 0) == friday
        assert workdays.between(friday, date(2026, 11, 4)) == 3
        assert workdays.between(date(2026, 11, 4), friday) == -3
        assert workdays.on_or_after(date(2026, 10, 31)) == date(2026, 11, 2)
