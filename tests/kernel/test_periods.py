"""Days and zones: which day an instant is, and what a service period covers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel.clock import local_date, now
from revops.kernel.periods import Span, month, service_span

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)

# Both sides of UTC, half and quarter hours, and zones whose clocks change at midnight itself.
ZONES = ["UTC", "America/New_York", "Europe/Prague", "Asia/Kathmandu", "Pacific/Apia"]
MIDNIGHT_CHANGES = ["America/Havana", "Asia/Beirut", "America/Santiago", "Africa/Cairo"]
MICROSECOND = timedelta(microseconds=1)

days = st.dates(date(2024, 1, 1), date(2030, 12, 31))


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a local day, in UTC, also where that midnight does not exist."""
    instant = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    while local_date(instant, zone) < day:
        instant += timedelta(minutes=15)
    while local_date(instant - MICROSECOND, zone) >= day:
        instant -= timedelta(minutes=15)
    return instant


class TestLocalDate:
    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("closing", [date(2025, 1, 31), date(2024, 2, 29), date(2025, 12, 31)])
    def test_cuts_off_to_the_microsecond_at_the_end_of_a_month(
        self, zone: str, closing: date
    ) -> None:
        cut_off = midnight(closing + timedelta(days=1), zone)

        assert local_date(cut_off - MICROSECOND, zone) == closing
        assert local_date(cut_off, zone) == closing + timedelta(days=1)
        assert local_date(cut_off + MICROSECOND, zone) == closing + timedelta(days=1)

    @pytest.mark.parametrize(
        ("zone", "day", "hours"),
        [
            ("America/New_York", date(2025, 3, 9), 23),
            ("America/New_York", date(2025, 11, 2), 25),
            ("Europe/Prague", date(2025, 3, 30), 23),
            ("Europe/Prague", date(2025, 10, 26), 25),
            ("America/Havana", date(2025, 3, 9), 23),
            ("Australia/Lord_Howe", date(2025, 4, 6), 24.5),
        ],
    )
    def test_holds_days_of_23_and_25_hours_whole(self, zone: str, day: date, hours: float) -> None:
        first, after = midnight(day, zone), midnight(day + timedelta(days=1), zone)

        assert (after - first) == timedelta(hours=hours)
        assert local_date(first, zone) == local_date(after - MICROSECOND, zone) == day

    @quick
    @given(zone=st.sampled_from([*ZONES, *MIDNIGHT_CHANGES]), day=days, shift=st.integers(0, 86399))
    def test_never_goes_back_when_time_goes_on(self, zone: str, day: date, shift: int) -> None:
        instant = datetime.combine(day, datetime.min.time(), UTC) + timedelta(seconds=shift)

        assert local_date(instant, zone) <= local_date(instant + timedelta(hours=1), zone)

    def test_refuses_an_instant_without_a_zone(self) -> None:
        with pytest.raises(ValueError, match="time zone"):
            local_date(datetime(2025, 1, 1), "UTC")


class TestNow:
    def test_is_aware_and_in_utc(self) -> None:
        assert now().utcoffset() == timedelta(0)


class TestServiceSpan:
    def test_takes_the_end_as_exclusive(self) -> None:
        start, end = datetime(2025, 1, 15, tzinfo=UTC), datetime(2025, 2, 15, tzinfo=UTC)

        assert service_span(start, end, "UTC") == Span(date(2025, 1, 15), date(2025, 2, 14))

    def test_reads_the_days_in_the_entitys_zone(self) -> None:
        start, end = datetime(2025, 1, 15, tzinfo=UTC), datetime(2025, 2, 15, tzinfo=UTC)

        assert service_span(start, end, "America/New_York") == Span(
            date(2025, 1, 14), date(2025, 2, 13)
        )

    @quick
    @given(
        zone=st.sampled_from([*ZONES, *MIDNIGHT_CHANGES]),
        first=days,
        length=st.integers(1, 800),
    )
    def test_gives_back_the_local_days_that_it_was_made_of(
        self, zone: str, first: date, length: int
    ) -> None:
        after = first + timedelta(days=length)
        latest = after - timedelta(days=1)
        start, end = midnight(first, zone), midnight(after, zone)

        assert service_span(start, end, zone) == Span(first, latest)
        assert service_span(start, end.astimezone(ZoneInfo(zone)), zone) == Span(first, latest)
        assert service_span(start, end + MICROSECOND, zone).end == latest

    def test_shares_no_day_with_the_next_period_when_anchored_at_midday(self) -> None:
        first, second, third = (
            datetime(2025, month, 21, 13, 40, tzinfo=UTC) for month in (1, 2, 3)
        )

        assert service_span(first, second, "UTC").end == date(2025, 2, 20)
        assert service_span(second, third, "UTC").start == date(2025, 2, 21)

    def test_is_not_misled_by_a_wall_clock_that_runs_twice(self) -> None:
        # 01:00 comes twice in New York on that day; the second one is an hour into Chicago's day.
        end = datetime(2025, 11, 2, 1, tzinfo=ZoneInfo("America/New_York"), fold=1)

        assert service_span(end - timedelta(days=30), end, "America/Chicago").end == date(
            2025, 11, 1
        )

    def test_takes_equal_instants_as_their_day(self) -> None:
        moment = datetime(2025, 1, 15, 9, tzinfo=UTC)
        midnight_sharp = datetime(2025, 1, 15, tzinfo=UTC)

        assert service_span(moment, moment, "UTC") == Span(date(2025, 1, 15), date(2025, 1, 15))
        assert service_span(midnight_sharp, midnight_sharp, "UTC").days == 1

    def test_refuses_an_end_before_its_start(self) -> None:
        start = datetime(2025, 1, 15, tzinfo=UTC)

        with pytest.raises(ValueError, match="before it starts"):
            service_span(start, start - MICROSECOND, "UTC")

    @pytest.mark.parametrize("naive", ["start", "end"])
    def test_refuses_instants_without_a_zone(self, naive: str) -> None:
        instants = dict.fromkeys(("start", "end"), datetime(2025, 1, 15, tzinfo=UTC))
        instants[naive] = instants[naive].replace(tzinfo=None)

        with pytest.raises(ValueError, match="time zone"):
            service_span(instants["start"], instants["end"], "UTC")


class TestSpan:
    def test_counts_both_ends(self) -> None:
        assert Span(date(2025, 1, 15), date(2025, 4, 14)).days == 90
        assert month(2024, 2) == Span(date(2024, 2, 1), date(2024, 2, 29))
        assert month(2025, 12).end == date(2025, 12, 31)

    def test_knows_its_days(self) -> None:
        january = month(2025, 1)

        assert date(2025, 1, 31) in january
        assert date(2025, 2, 1) not in january
        assert "2025-01-31" not in january

    def test_refuses_to_guess_the_day_of_an_instant(self) -> None:
        with pytest.raises(TypeError):
            datetime(2025, 1, 5, tzinfo=UTC) in month(2025, 1)  # noqa: B015  comparing is what raises

    def test_refuses_an_end_before_its_start(self) -> None:
        with pytest.raises(ValueError, match="before it starts"):
            Span(date(2025, 1, 2), date(2025, 1, 1))

    @quick
    @given(a=days, b=days, c=days, d=days)
    def test_shares_as_many_days_as_both_hold(self, a: date, b: date, c: date, d: date) -> None:
        one, other = Span(min(a, b), max(a, b)), Span(min(c, d), max(c, d))
        shared = one.clipped(other)

        assert one.overlap(other) == other.overlap(one) == (shared.days if shared else 0)
        assert shared is None or (shared.start in one and shared.end in other)
