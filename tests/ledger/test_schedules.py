"""Schedules: exact, fair, restartable, over whatever calendar the entity keeps."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from revops.kernel.money import LIMIT, divide_half_up
from revops.kernel.periods import Span, month
from revops.ledger.drafts import Portion
from revops.ledger.schedules import (
    CONVENTIONS,
    Period,
    PeriodMissing,
    cumulative,
    placed,
    portions,
)
from tests.ledger.maps import MONTHS, minor, months, span, weeks_4_4_5

quick = settings(max_examples=120, deadline=None, derandomize=True, database=None)

WEEKS = weeks_4_4_5(date(2023, 12, 31), quarters=28)
totals = st.integers(-LIMIT + 1, LIMIT - 1) | st.integers(-100, 100)
conventions = st.sampled_from(sorted(CONVENTIONS))
calendars = st.sampled_from([MONTHS, WEEKS])


@st.composite
def services(draw) -> Span:
    start = draw(st.dates(date(2024, 1, 1), date(2027, 12, 31)))
    return Span(start, start + timedelta(days=draw(st.integers(0, 900))))


def spread(
    total: int,
    service: Span,
    convention: str = "daily",
    *,
    functional_total: int | None = None,
    periods: list[Period] = MONTHS,
) -> tuple[Portion, ...]:
    return portions(
        total=total,
        functional_total=total if functional_total is None else functional_total,
        service=service,
        convention=convention,
        periods=periods,
    )


def amounts(found: tuple[Portion, ...]) -> list[int]:
    return [portion.amount for portion in found]


class TestCumulative:
    @quick
    @given(total=totals, weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
    def test_is_exact_and_never_off_by_more_than_one(self, total: int, weights: list[int]) -> None:
        assume(any(weights))

        parts = cumulative(total, weights)

        assert sum(parts) == total
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - Fraction(total * weight, sum(weights))) <= 1

    @quick
    @given(total=totals, weights=st.lists(st.integers(1, 10**6), min_size=1, max_size=40))
    def test_gives_the_same_when_started_again_at_any_period(
        self, total: int, weights: list[int]
    ) -> None:
        parts, whole = cumulative(total, weights), sum(weights)

        for done, weighed in enumerate(accumulate(weights), start=1):
            given_so_far = divide_half_up(total * weighed, whole)

            assert sum(parts[:done]) == given_so_far
            assert sum(parts[done:]) == total - given_so_far

    @quick
    @given(total=totals, weights=st.lists(st.integers(1, 10**6), min_size=1, max_size=40))
    def test_mirrors_a_credit(self, total: int, weights: list[int]) -> None:
        assert cumulative(-total, weights) == [-part for part in cumulative(total, weights)]


class TestPortions:
    @quick
    @given(
        total=totals,
        functional=totals,
        service=services(),
        convention=conventions,
        periods=calendars,
    )
    def test_sum_to_the_line_in_both_currencies(
        self, total: int, functional: int, service: Span, convention: str, periods: list[Period]
    ) -> None:
        found = spread(total, service, convention, functional_total=functional, periods=periods)

        assert sum(amounts(found)) == total
        assert sum(portion.functional for portion in found) == functional

    @quick
    @given(total=totals, service=services(), convention=conventions, periods=calendars)
    def test_name_every_period_touched_once_and_in_order(
        self, total: int, service: Span, convention: str, periods: list[Period]
    ) -> None:
        found = spread(total, service, convention, periods=periods)

        assert [portion.period for portion in found] == [
            period.code for period in periods if period.span.overlap(service)
        ]
        assert sum(portion.span.overlap(service) for portion in found) == service.days

    @quick
    @given(
        total=st.integers(0, LIMIT - 1),
        service=services(),
        convention=conventions,
        periods=calendars,
    )
    def test_keep_what_is_deferred_between_nothing_and_all(
        self, total: int, service: Span, convention: str, periods: list[Period]
    ) -> None:
        recognised = list(accumulate(amounts(spread(total, service, convention, periods=periods))))

        assert recognised == sorted(recognised)
        assert recognised[0] >= 0
        assert recognised[-1] == total

    @quick
    @given(total=st.integers(1, 40), rate=st.fractions(Fraction(1, 300), 300), service=services())
    def test_carry_no_functional_amount_where_there_is_none_to_carry_it(
        self, total: int, rate: Fraction, service: Span
    ) -> None:
        functional = divide_half_up(total * rate.numerator, rate.denominator)

        found = spread(total, service, functional_total=functional)

        assert all(portion.amount or not portion.functional for portion in found)
        assert all(portion.functional >= 0 for portion in found)
        assert sum(portion.functional for portion in found) == functional

    def test_let_small_functional_amounts_wait_for_a_portion_that_carries_them(self) -> None:
        found = spread(2, span("2025-01-01", "2025-06-30"), "month_even", functional_total=300)

        assert [(portion.amount, portion.functional) for portion in found] == [
            (0, 0), (1, 100), (0, 0), (0, 0), (1, 200), (0, 0),
        ]  # fmt: skip

    def test_count_the_leap_day(self) -> None:
        assert amounts(spread(366, span("2024-01-01", "2024-12-31")))[1] == 29

    def test_follow_the_entitys_weeks(self) -> None:
        quarter = Span(WEEKS[0].span.start, WEEKS[2].span.end)

        assert amounts(spread(9100, quarter, periods=WEEKS)) == [2800, 2800, 3500]
        assert amounts(spread(9000, quarter, "month_even", periods=WEEKS)) == [3000, 3000, 3000]

    def test_give_one_period_all_of_it(self) -> None:
        for convention in CONVENTIONS:
            assert amounts(spread(100, span("2025-02-10", "2025-02-10"), convention)) == [100]

    def test_give_all_at_once_to_the_period_in_which_the_service_starts(self) -> None:
        found = spread(100, span("2025-01-15", "2025-03-14"), "point_in_time")

        assert amounts(found) == [100, 0, 0]

    def test_need_a_period_for_every_day(self) -> None:
        gap = [period for period in MONTHS if period.code != "2025-03"]
        service = span("2025-01-15", "2025-04-14")

        for periods, day in (
            (gap, date(2025, 3, 1)),
            (months(2025, 2025)[3:], date(2025, 1, 15)),
            (months(2025, 2025)[:3], date(2025, 4, 1)),
            ([], date(2025, 1, 15)),
        ):
            with pytest.raises(PeriodMissing, match=f"holds {day}") as missing:
                spread(100, service, periods=periods)
            assert missing.value.day == day

    def test_refuse_a_calendar_that_holds_a_day_twice(self) -> None:
        twice = [*months(2025, 2025)[:1], Period("odd", span("2025-01-31", "2025-02-28"))]

        with pytest.raises(ValueError, match="odd begins before"):
            spread(100, span("2025-01-15", "2025-02-14"), periods=twice)

    def test_refuse_a_convention_that_nobody_defined(self) -> None:
        with pytest.raises(ValueError, match="no recognition convention"):
            spread(100, span("2025-01-01", "2025-01-31"), "weekly")


class TestPlaced:
    half_year = spread(minor("600.00"), span("2025-04-01", "2025-09-30"), "month_even")

    def test_posts_what_is_late_in_the_first_open_period(self) -> None:
        may = Period("2025-05", month(2025, 5))

        found = placed(self.half_year, first_open=may)

        assert [(each.portion.period, each.posts_in.code) for each in found] == [
            ("2025-04", "2025-05"),
            ("2025-05", "2025-05"),
            ("2025-06", "2025-06"),
            ("2025-07", "2025-07"),
            ("2025-08", "2025-08"),
            ("2025-09", "2025-09"),
        ]
        assert [each.portion for each in found] == list(self.half_year)

    def test_posts_april_in_april_while_it_is_open(self) -> None:
        april = Period("2025-04", month(2025, 4))

        found = placed(self.half_year, first_open=april)

        assert [each.posts_in.code for each in found] == [
            portion.period for portion in self.half_year
        ]

    @quick
    @given(service=services(), opened=st.integers(0, len(MONTHS) - 1))
    def test_never_posts_before_the_first_open_period(self, service: Span, opened: int) -> None:
        first_open = MONTHS[opened]

        for each in placed(spread(1000, service), first_open=first_open):
            assert each.posts_in.span.start >= first_open.span.start
            assert each.posts_in.span.start >= each.portion.span.start
