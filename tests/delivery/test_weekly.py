"""Weekly windows: whether one is on, and when the next one begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.delivery import gate as gates
from revops.delivery.gate import Allowance, GateRow
from revops.delivery.weekly import Span, Weekly, occurrence, over_at

BERLIN = ZoneInfo("Europe/Berlin")
SUNDAY = Weekly(6, time(4), 30, "Europe/Berlin")
HOUR = timedelta(hours=1)


def utc(day: int, hour: int, minute: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def sunday(starts: time, minutes: int, *, month: int, day: int) -> Span:
    """The window of a Sunday in Berlin, as it looks from the Thursday before."""
    window = Weekly(6, starts, minutes, "Europe/Berlin")
    return occurrence(window, now=utc(day - 3, 12, month=month))


class TestAWindow:
    def test_comes_on_its_day_at_its_time_in_its_zone(self) -> None:
        # The 22nd of November 2026 is a Sunday, and Berlin is an hour ahead of UTC.
        assert occurrence(SUNDAY, now=utc(18, 9)) == Span(utc(22, 3), utc(22, 3, 30))

    def test_is_the_same_one_until_it_is_over(self) -> None:
        span = Span(utc(22, 3), utc(22, 3, 30))
        assert occurrence(SUNDAY, now=utc(22, 3, 29)) == span
        assert occurrence(SUNDAY, now=utc(22, 3, 30)).begins == utc(29, 3)

    def test_begins_on_its_day_there_and_not_here(self) -> None:
        tokyo = Weekly(0, time(4), 60, "Asia/Tokyo")
        assert occurrence(tokyo, now=utc(18, 9)).begins == utc(22, 19)

    def test_may_last_beyond_midnight(self) -> None:
        late = Weekly(6, time(23, 30), 90, "UTC")
        assert over_at([late], now=utc(23, 0, 59)) == utc(23, 1)
        assert over_at([late], now=utc(23, 1)) is None
        assert over_at([late], now=utc(22, 0, 30)) is None

    def test_of_a_whole_day_ends_when_it_began(self) -> None:
        whole = Weekly(6, time(4), 24 * 60, "UTC")
        assert occurrence(whole, now=utc(23, 3, 59)) == Span(utc(22, 4), utc(23, 4))

    def test_is_off_at_any_other_time(self) -> None:
        assert over_at([SUNDAY], now=utc(22, 2, 59)) is None
        assert over_at([SUNDAY], now=utc(25, 3)) is None
        assert over_at([], now=utc(22, 3)) is None

    def test_is_over_with_the_last_of_those_that_are_on(self) -> None:
        longer = replace(SUNDAY, minutes=45)
        later = replace(SUNDAY, starts=time(6), minutes=60)
        assert over_at([SUNDAY, longer, later], now=utc(22, 3, 10)) == utc(22, 3, 45)


class TestWhenClocksArePutForward:
    """In Berlin the 29th of March 2026 has no time between 02:00 and 03:00; 01:00 UTC is 03:00."""

    @pytest.mark.parametrize(
        ("starts", "minutes", "begins", "ends"),
        [
            (time(2, 30), 90, utc(29, 1, month=3), utc(29, 2, 30, month=3)),
            (time(2), 60, utc(29, 1, month=3), utc(29, 2, month=3)),
            (time(2, 10), 10, utc(29, 1, month=3), utc(29, 1, 10, month=3)),
        ],
    )
    def test_a_window_in_what_is_left_out_begins_when_they_have_jumped(
        self, starts: time, minutes: int, begins: datetime, ends: datetime
    ) -> None:
        assert sunday(starts, minutes, month=3, day=29) == Span(begins, ends)

    def test_a_window_around_it_is_not_shorter_than_always(self) -> None:
        span = sunday(time(1), 180, month=3, day=29)
        assert span == Span(utc(29, 0, month=3), utc(29, 3, month=3))
        assert span.ends.astimezone(BERLIN).time() == time(5)


class TestWhenClocksArePutBack:
    """In Berlin the 25th of October 2026 has every time between 02:00 and 03:00 twice."""

    def test_a_window_in_what_comes_twice_lasts_from_the_first_to_the_second(self) -> None:
        span = sunday(time(2, 10), 30, month=10, day=25)
        assert span == Span(utc(25, 0, 10, month=10), utc(25, 1, 40, month=10))

    def test_a_window_around_it_ends_when_clocks_show_its_end(self) -> None:
        span = sunday(time(1), 180, month=10, day=25)
        assert span == Span(utc(24, 23, month=10), utc(25, 3, month=10))

    def test_a_window_that_ends_within_it_ends_at_the_second(self) -> None:
        span = sunday(time(1, 30), 60, month=10, day=25)
        assert span == Span(utc(24, 23, 30, month=10), utc(25, 1, 30, month=10))


ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")


class TestAnyWindow:
    @given(
        day=st.integers(0, 6),
        starts=st.integers(0, 1439),
        minutes=st.integers(1, 1440),
        zone=st.sampled_from(ZONES),
        now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
    )
    def test_is_on_or_comes_within_a_week_and_is_never_shorter_than_announced(
        self, day: int, starts: int, minutes: int, zone: str, now: datetime
    ) -> None:
        window = Weekly(day, time(*divmod(starts, 60)), minutes, zone)
        span = occurrence(window, now=now)
        length = timedelta(minutes=minutes)
        assert span.ends > now
        assert span.begins - now <= timedelta(weeks=1) + HOUR
        assert length <= span.ends - span.begins <= length + HOUR
        begins = span.begins.astimezone(ZoneInfo(zone))
        assert begins.weekday() == day or begins.time() == time(0)
        assert begins.time() >= window.starts or begins.weekday() != day
        # Whoever looks later while it is on sees the same one.
        assert occurrence(window, now=max(now, span.begins)) == span


class TestTheGate:
    def test_admits_nothing_in_a_weekly_window(self) -> None:
        gate = GateRow(weekly=(SUNDAY,))
        shut = gates.allow(gate, now=utc(22, 3, 10), most=5)
        assert shut == (gate, Allowance(0, utc(22, 3, 30), "weekly window"))
        assert gates.allow(gate, now=utc(22, 3, 30), most=5)[1].count == 5

    def test_says_first_what_was_announced_for_once(self) -> None:
        gate = GateRow(weekly=(SUNDAY,), window_from=utc(22, 3), window_to=utc(22, 5))
        assert gates.allow(gate, now=utc(22, 3, 10), most=5)[1].why == "maintenance window"
