"""Buckets, percentiles and budgets, against numbers counted by hand."""

from __future__ import annotations

import pytest

from revops.measures.bounds import BOUNDS, BUCKETS, added, bucket_of, percentile, within
from revops.measures.budgets import Budget, Counted, burn


def spread(*seconds: int) -> list[int]:
    found = [0] * BUCKETS
    for one in seconds:
        found[bucket_of(one)] += 1
    return found


class TestBuckets:
    @pytest.mark.parametrize(
        ("seconds", "bound"), [(-3, 1), (0, 1), (1, 1), (2, 2), (3, 5), (300, 300), (301, 600)]
    )
    def test_count_a_time_under_the_first_bound_that_holds_it(
        self, seconds: int, bound: int
    ) -> None:
        assert BOUNDS[bucket_of(seconds)] == bound

    def test_count_what_is_longer_than_every_bound_last(self) -> None:
        assert bucket_of(BOUNDS[-1] + 1) == len(BOUNDS) == BUCKETS - 1

    def test_add_up_place_by_place(self) -> None:
        assert added([spread(1, 300), [], spread(300)]) == spread(1, 300, 300)

    def test_say_how_many_took_at_most_so_long(self) -> None:
        held = spread(1, 60, 300, 301)
        assert [within(held, one) for one in (1, 60, 300, 600)] == [1, 2, 3, 4]


class TestPercentile:
    def test_is_the_bound_that_so_many_stay_within(self) -> None:
        held = spread(*[4] * 50, *[50] * 45, *[4_000] * 5)
        assert [percentile(held, one) for one in (50, 51, 95, 96, 100)] == [5, 60, 60, 7_200, 7_200]

    def test_is_nothing_of_nothing_and_zero_over_the_last_bound(self) -> None:
        assert percentile([], 50) is None
        assert percentile(spread(BOUNDS[-1] + 1), 50) == 0


class TestBudget:
    def test_allows_whole_things_and_says_what_is_left(self) -> None:
        # 1 % of 250 are 2.5: two may miss. One did, which is 40 % of two and a half.
        held = Budget(9_900, Counted(250, 249))
        assert (held.allowed, held.spent, held.left, held.is_kept) == (2, 1, 60, True)
        assert held.share == 9_960

    def test_is_gone_when_more_missed_than_it_allows(self) -> None:
        held = Budget(9_900, Counted(250, 247))
        assert (held.spent, held.left, held.is_kept) == (3, 0, False)

    def test_of_nothing_is_whole(self) -> None:
        held = Budget(9_900, Counted(0, 0))
        assert (held.share, held.left, held.is_kept) == (None, 100, True)

    def test_burns_as_many_times_too_fast_as_it_misses_too_much(self) -> None:
        # 2 % missed where 1 % may: twice as fast.
        assert burn(9_900, Counted(100, 98)) == 20
        assert burn(9_900, Counted(1_000, 1_000)) == 0
        assert burn(9_900, Counted(0, 0)) is None
