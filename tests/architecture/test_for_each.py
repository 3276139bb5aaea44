"""What goes through many values in one test fails for each that is wrong."""

from __future__ import annotations

import inspect

import pytest

from tests.for_each import for_each


class TestForEach:
    def test_says_each_value_that_is_wrong(self) -> None:
        @for_each("number", [1, 2, 3])
        def odd(number: int) -> None:
            assert number % 2 == 0

        with pytest.raises(ExceptionGroup, match="2 of 3") as failed:
            odd()
        assert [one.__notes__ for one in failed.value.exceptions] == [["for 1"], ["for 3"]]

    def test_passes_when_all_are_right_and_asks_only_for_fixtures(self) -> None:
        seen = []

        @for_each(("a", "b"), [(1, 2), (3, 4)])
        def added(a: int, b: int, more: int) -> None:
            seen.append(a + b + more)

        assert list(inspect.signature(added).parameters) == ["more"]
        added(more=10)
        assert seen == [13, 17]

    def test_of_nothing_fails(self) -> None:
        @for_each("number", [])
        def never(number: int) -> None:
            raise NotImplementedError

        with pytest.raises(AssertionError, match="nothing to go through"):
            never()
