"""One id per story: taken over when it is safe, made when it is not."""

from __future__ import annotations

import contextvars

import pytest

from revops.kernel import correlation


class TestAccept:
    @pytest.mark.parametrize(
        "offered", ["abcdefgh", "co-0123456789abcdef0123", "A1.b:c_d-e", "x" * 64]
    )
    def test_keeps_the_callers_id(self, offered: str) -> None:
        assert correlation.accept(offered) == offered

    @pytest.mark.parametrize(
        "offered",
        [None, "", "short", "x" * 65, "-startswith", "a b c d e f", "line\nbreak12", "ünïcode-id",
         "<script>alert", "abcdefgh\r\nX-Evil: 1", "abcdefgh\n"],
    )  # fmt: skip
    def test_makes_its_own_when_the_offered_one_is_unsafe(self, offered: str | None) -> None:
        accepted = correlation.accept(offered)

        assert accepted != offered
        assert correlation.accept(accepted) == accepted


class TestNewId:
    def test_never_repeats(self) -> None:
        made = {correlation.new_id() for _ in range(1000)}

        assert len(made) == 1000
        assert {len(each) for each in made} == {23}


class TestBound:
    def test_holds_inside_and_is_gone_outside(self) -> None:
        with correlation.bound("co-outer-story") as outer:
            with correlation.bound("co-inner-story"):
                assert correlation.current() == "co-inner-story"
            assert correlation.current() == outer
        assert correlation.current() == ""

    def test_is_released_by_a_failure(self) -> None:
        with pytest.raises(RuntimeError), correlation.bound("co-failing-one"):
            raise RuntimeError

        assert correlation.current() == ""

    def test_does_not_leak_into_another_context(self) -> None:
        aside = contextvars.copy_context()

        with correlation.bound("co-only-mine"):
            assert aside.run(correlation.current) == ""
