"""Waiting: within bounds whatever a vendor answers, and never all at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel.backoff import LONGEST, SHORTEST, full_jitter, retry_after

quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)

NOON = datetime(2025, 1, 1, 12, tzinfo=UTC)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("header", "seconds"),
        [
            ("30", 30),
            (" 30 ", 30),
            ("0", SHORTEST),
            ("-5", SHORTEST),
            ("315360000", LONGEST),
            ("9" * 5000, LONGEST),
            ("Wed, 01 Jan 2025 12:00:45 GMT", 45),
            ("Wednesday, 01-Jan-25 12:00:45 GMT", 45),
            ("Wed Jan  1 12:00:45 2025", 45),
            ("Wed, 01 Jan 2025 14:00:45 +0200", 45),
            ("Wed, 01 Jan 2025 11:59:00 GMT", SHORTEST),
            ("Tue, 01 Jan 2035 12:00:00 GMT", LONGEST),
            ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ],
    )
    def test_honours_seconds_and_dates_within_bounds(self, header: str, seconds: int) -> None:
        assert retry_after(header, at=NOON) == seconds

    @pytest.mark.parametrize(
        "header",
        [
            None, "", "soon", "--5", "+5", "1e5", "5.5", "٣", "５", "1 2", "2025-01-01T12:00:45Z",
            "Wed, 32 Jan 2025 12:00:00 GMT", "Wed, 01 Jan 99999 12:00:00 GMT",
        ],
    )  # fmt: skip
    def test_says_nothing_when_it_cannot_read_the_header(self, header: str | None) -> None:
        assert retry_after(header, at=NOON) is None

    def test_never_comes_back_a_fraction_of_a_second_early(self) -> None:
        late = NOON.replace(microsecond=1)

        assert retry_after("Wed, 01 Jan 2025 12:00:10 GMT", at=late) == 10

    @quick
    @given(header=st.text(max_size=40) | st.text("0123456789-+ GMTJan:,", max_size=40))
    def test_never_fails_on_what_a_vendor_sends(self, header: str) -> None:
        seconds = retry_after(header, at=NOON)

        assert seconds is None or SHORTEST <= seconds <= LONGEST


class TestFullJitter:
    @quick
    @given(attempt=st.integers(0, 10_000), random=st.floats(0, 1, exclude_max=True))
    def test_stays_between_its_floor_and_its_cap(self, attempt: int, random: float) -> None:
        assert 0.2 <= full_jitter(attempt=attempt, random=random) <= 600

    def test_grows_with_the_attempts_and_spreads_with_chance(self) -> None:
        assert [full_jitter(attempt=n, random=0.5) for n in (1, 2, 3, 20)] == [5, 10, 20, 300]
        assert full_jitter(attempt=3, random=0) == 0.2
