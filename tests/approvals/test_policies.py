"""The deciding core: tiers, who may decide, working days. Pure, so it is tried at random too."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.policies import (
    Handed,
    Measured,
    PolicyTerms,
    TierTerms,
    after_working_days,
    conflicted,
    deciders,
    is_sampled,
    narrowest,
    place,
    problems,
)
from approvals.policy_change import loosens
from approvals.subjects import Lift
from tests.approvals.kit import TIERS

PEOPLE = st.integers(1, 8)
HANDS = st.lists(
    st.tuples(PEOPLE, PEOPLE).filter(lambda pair: pair[0] != pair[1]).map(lambda p: Handed(*p)),
    max_size=12,
)


class TestPlace:
    @pytest.mark.parametrize(
        ("own", "others", "tier"),
        [("1000", "0", 1), ("1000.01", "0", 2), ("500", "500.01", 2), ("-1000.01", "0", 2),
         ("100000", "0", 3), ("100000.01", "0", 4)],
    )  # fmt: skip
    def test_takes_what_it_and_the_others_come_to(self, own: str, others: str, tier: int) -> None:
        assert place(TIERS, Measured(Decimal(own), Decimal(others))).tier.number == tier

    def test_takes_the_lowest_for_what_never_has_an_amount_unless_it_is_lifted(self) -> None:
        assert place(TIERS, Measured(None), Lift(unpriced=True)).tier.number == 1
        assert place(TIERS, Measured(None), Lift(least=4, unpriced=True)).tier.number == 4
        assert place(TIERS, Measured(None, rated=False), Lift(unpriced=True)).tier.number == 4

    def test_takes_the_highest_without_rate_or_amount(self) -> None:
        assert place(TIERS, Measured(None, rated=False)).tier.number == 4
        assert place(TIERS, Measured(None)).tier.number == 4

    def test_is_lifted_and_never_lowered(self) -> None:
        small = Measured(Decimal(10))
        assert place(TIERS, small, Lift(plus=1, why="Beyond")).why == "Beyond"
        assert place(TIERS, small, Lift(least=4)).tier.number == 4
        assert place(TIERS, small, Lift(plus=9)).tier.number == 4
        assert place(TIERS, Measured(Decimal(50_000)), Lift(least=1)).tier.number == 3

    @given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 4), st.integers(0, 4))
    def test_more_money_never_needs_fewer_people(
        self, less: int, more: int, least: int, plus: int
    ) -> None:
        lift = Lift(least=least, plus=plus)
        low, high = sorted((less, more))
        below = place(TIERS, Measured(Decimal(low)), lift).tier
        above = place(TIERS, Measured(Decimal(high)), lift).tier
        assert below.number <= above.number


class TestNarrowest:
    def test_counts_entity_before_reason_before_all(self) -> None:
        def terms(entity: str, reason: str) -> PolicyTerms:
            return PolicyTerms(None, "gift", entity, reason, 1, TIERS)

        every = [terms("", ""), terms("", "sla"), terms("US", ""), terms("US", "sla")]
        for count in range(4, 0, -1):
            found = narrowest(every[:count], entity="US", reason="sla")
            assert found == every[count - 1]
        assert narrowest(every[1:], entity="UK", reason="") is None


class TestH8Delegation:
    """H8: no chain of hands leads from who decides to who made it."""

    @given(HANDS, st.sets(PEOPLE, min_size=1, max_size=3), st.sets(PEOPLE))
    def test_h8_no_chain_ties_a_decider_to_a_maker(
        self, hands: list[Handed], makers: set[int], able: set[int]
    ) -> None:
        holders = {user: {"manager"} for user in able}
        found = deciders(wanted={"manager"}, holders=holders, handed=hands, makers=makers)
        for one in found:
            for person in {one.user, one.on_behalf} - {None}:
                for maker in makers:
                    assert not _leads(hands, person, maker)
                    assert not _leads(hands, maker, person)
            if one.on_behalf is not None:
                assert Handed(one.on_behalf, one.user) in hands
                assert one.on_behalf in able

    @given(HANDS, st.sets(PEOPLE, min_size=1, max_size=3))
    def test_h8_everybody_tied_is_named_with_the_maker(
        self, hands: list[Handed], makers: set[int]
    ) -> None:
        for person, maker in conflicted(makers, hands).items():
            assert maker in makers
            tied = _leads(hands, person, maker) or _leads(hands, maker, person)
            assert tied

    def test_h8_a_right_goes_from_hand_to_hand_once(self) -> None:
        hands = [Handed(1, 2), Handed(2, 3)]
        found = deciders(wanted={"manager"}, holders={1: {"manager"}}, handed=hands, makers={9})
        assert {(one.user, one.on_behalf) for one in found} == {(1, None), (2, 1)}

    def test_h8_nobody_counts_twice_by_standing_in(self) -> None:
        holders = {1: {"manager"}, 2: {"manager"}}
        hands = [Handed(1, 3)]
        left = deciders(wanted={"manager"}, holders=holders, handed=hands, makers=set(), spent={1})
        assert [(one.user, one.on_behalf) for one in left] == [(2, None)]


def _leads(hands: list[Handed], start: int, end: int) -> bool:
    """Whether hands lead from one person to another, looked for in another way."""
    reached = {start}
    for _ in hands:
        reached |= {one.taker for one in hands if one.giver in reached}
    return end in reached


class TestWorkingDays:
    def test_skip_the_weekend_in_the_entitys_zone(self) -> None:
        friday = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)  # Saturday in Tokyo
        assert after_working_days(friday, 1, "UTC") == datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
        tokyo = after_working_days(friday, 1, "Asia/Tokyo")
        assert tokyo == datetime(2026, 11, 22, 23, 30, tzinfo=UTC)  # Monday there
        assert after_working_days(friday, 0, "UTC") == friday

    def test_keep_the_time_of_day_over_a_change_of_clocks(self) -> None:
        before = datetime(2026, 10, 23, 15, 0, tzinfo=UTC)  # 17:00 in Berlin
        assert after_working_days(before, 1, "Europe/Berlin") == datetime(
            2026, 10, 26, 16, 0, tzinfo=UTC
        )


class TestProblems:
    @pytest.mark.parametrize(
        ("tiers", "said"),
        [
            ([], "at least one tier"),
            ([TierTerms(1, 5, ("manager",))], "must take any amount"),
            ([TierTerms(1, 9, ("manager",)), TierTerms(2, 5, ("manager",)),
              TierTerms(3, None, ("manager",))], "higher than the one before"),
            ([TierTerms(1, None, ("support",))], "nobody can hold"),
            ([TierTerms(1, 5, ("manager",)), TierTerms(2, None, ())], "asks at least somebody"),
            ([TierTerms(1, None, ("manager",), due_days=99)], "0 to 30 working days"),
        ],
    )  # fmt: skip
    def test_are_said(self, tiers: list[TierTerms], said: str) -> None:
        assert any(said in one for one in problems(tiers, {"finance", "manager"}))

    def test_are_none_in_the_tiers_of_the_house(self) -> None:
        assert problems(TIERS, {"finance", "manager"}) == []


class TestLoosens:
    def test_says_where_fewer_are_asked(self) -> None:
        one = [TierTerms(1, None, ("manager",))]
        assert loosens(TIERS, one) == "At 100,000: 1 instead of 2."
        assert loosens(one, TIERS) == ""


class TestSample:
    def test_is_a_tenth_and_the_same_each_time(self) -> None:
        taken = [number for number in range(2_000) if is_sampled(str(number), 10)]
        assert 150 <= len(taken) <= 250
        assert taken == [number for number in range(2_000) if is_sampled(str(number), 10)]
        assert not any(is_sampled(str(number), 0) for number in range(50))
