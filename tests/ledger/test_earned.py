"""What is earned before a day, worked out at once: the same as portion by portion."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel.periods import Span
from revops.ledger.chains import Amount
from revops.ledger.earned import Earned
from revops.ledger.schedules import CONVENTIONS, PeriodMissing, portions
from tests.ledger.maps import MONTHS, weeks_4_4_5

deep = settings(max_examples=400, deadline=None, derandomize=True, database=None, print_blob=True)
CALENDARS = (MONTHS, weeks_4_4_5(date(2024, 1, 1), 30))
DAYS = st.integers(0, 500).map(lambda days: date(2024, 2, 1) + timedelta(days=days))


class TestEarned:
    @deep
    @given(
        calendar=st.sampled_from(CALENDARS), convention=st.sampled_from(sorted(CONVENTIONS)),
        start=DAYS, days=st.integers(0, 200), until=DAYS, at_a_start=st.booleans(),
        total=st.integers(-40, 40) | st.integers(-(10**9), 10**9), rate=st.integers(1, 300),
    )  # fmt: skip
    def test_i2_is_the_sum_of_the_portions_before_the_day(
        self, calendar, convention, start, days, until, at_a_start, total, rate
    ) -> None:
        end = start + timedelta(days=days)
        if at_a_start:
            until = next(one.span.start for one in calendar if one.span.end >= until)
        functional = total * rate // 100
        spread = portions(
            total=total, functional_total=functional, service=Span(start, end),
            convention=convention, periods=calendar, until=until,
        )  # fmt: skip

        found = Earned(calendar, until).of(
            start, end, convention, total=total, functional_total=functional
        )

        assert found == Amount(
            sum(one.amount for one in spread), sum(one.functional for one in spread)
        )

    def test_needs_a_period_for_every_day(self) -> None:
        gap = [period for period in MONTHS if period.code != "2025-03"]
        short = MONTHS[: MONTHS.index(next(one for one in MONTHS if one.code == "2025-03"))]

        for calendar in (gap, short):
            with pytest.raises(PeriodMissing, match="holds 2025-03-01"):
                Earned(calendar, date(2025, 2, 1)).of(
                    date(2025, 1, 15), date(2025, 4, 14), "daily", total=100, functional_total=100
                )
