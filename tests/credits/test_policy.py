"""What policy says, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from revops.credits import life
from revops.credits.life import CannotChange, follow
from revops.credits.policy import Billed, Past, Promised, Situation, assess, exception, percent
from revops.kernel.periods import Span

YEAR = Span(date(2025, 1, 1), date(2025, 12, 31))
PROMISE = Promised("Team plan", "team", "availability", "", "99.9 % a month", 1_000, 3_000)
BROKEN = Situation(
    currency="USD",
    lines=(Billed("il_1", "team", 1_200_000, 1_200_000, YEAR),),
    promises=(PROMISE,),
    promise="availability",
    severity="1",
    broken_on=date(2025, 3, 10),
    ticket="ZD-1",
    term=YEAR,
)


def past(amount: int, *, state: str = "issued", day: date = date(2025, 2, 1), **more: str) -> Past:
    given = {"number": "CR-1", "ticket": "ZD-0", "currency": "USD", "credit_type": "sla_period"}
    return Past(state=state, amount=amount, entitled_on=day, asked_on=day, **(given | more))


class TestEntitlement:
    def test_is_a_share_of_the_month_by_its_days(self) -> None:
        found = assess(BROKEN, "sla_period")
        # 12,000.00 × 31/365 = 1,019.18, a tenth of it.
        assert (found.entitled, found.fee, found.proposed) == (True, 101_918, 10_192)
        assert found.maximum == 10_192
        assert "10 % of the month" in found.sentence

    def test_is_none_without_a_broken_promise(self) -> None:
        found = assess(replace(BROKEN, broken_on=None, promise=""), "sla_period")
        assert (found.entitled, found.proposed) == (False, 0)
        assert "broken promise" in found.sentence

    def test_is_none_where_the_plan_promises_nothing(self) -> None:
        assert (
            "promises no service level"
            in assess(replace(BROKEN, promises=()), "sla_period").sentence
        )

    def test_is_none_for_what_was_never_promised(self) -> None:
        found = assess(replace(BROKEN, promise="first_response"), "sla_period")
        assert not found.entitled
        assert "promises availability" in found.sentence

    def test_of_its_own_severity_goes_before_the_one_for_all(self) -> None:
        severe = replace(PROMISE, severity="1", gives=2_500)
        found = assess(replace(BROKEN, promises=(PROMISE, severe)), "sla_period")
        assert found.basis == severe

    def test_is_none_before_the_service_that_is_billed_began(self) -> None:
        later = replace(BROKEN.lines[0], service=Span(date(2025, 3, 11), date(2025, 12, 31)))
        found = assess(replace(BROKEN, lines=(later,)), "sla_period")
        assert (found.entitled, found.fee) == (False, 0)
        assert "nothing for the day" in found.sentence

    def test_ends_with_what_is_left_of_the_term(self) -> None:
        # A term gives at most 30 % of twelve fees of the month.
        limit = 366_905
        found = assess(replace(BROKEN, past=(past(limit - 100),)), "sla_period")
        assert (found.limit, found.left, found.proposed) == (limit, 100, 100)

    def test_is_not_used_up_by_what_was_rejected_or_is_goodwill(self) -> None:
        earlier = (past(50_000, state="rejected"), past(50_000, credit_type="goodwill"))
        assert assess(replace(BROKEN, past=earlier), "sla_period").used == 0

    def test_is_never_more_than_is_left_of_the_invoice(self) -> None:
        line = replace(BROKEN.lines[0], rest=5_000)
        found = assess(replace(BROKEN, lines=(line,)), "sla_period")
        assert (found.proposed, found.ceiling) == (5_000, 5_000)


class TestDuplicates:
    def test_are_credits_of_the_same_case_or_month(self) -> None:
        same_case = past(100, ticket="ZD-1", state="rejected")
        same_month = past(100, day=date(2025, 3, 2))
        other = past(100, day=date(2025, 2, 2))
        found = assess(replace(BROKEN, past=(same_case, same_month, other)), "sla_period")
        assert list(found.duplicates) == [same_case, same_month]

    def test_are_not_what_somebody_took_back(self) -> None:
        taken_back = past(100, ticket="ZD-1", state="withdrawn")
        assert not assess(replace(BROKEN, past=(taken_back,)), "sla_period").duplicates


class TestExceptions:
    @pytest.mark.parametrize(("amount", "said"), [(10_192, ""), (10_193, "at most USD")])
    def test_begin_above_what_policy_gives(self, amount: int, said: str) -> None:
        found = exception(assess(BROKEN, "sla_period"), "sla_period", amount, "USD")
        assert found.replace("\xa0", " ").find(said) >= 0
        assert bool(found) == bool(said)

    def test_say_the_rule_to_who_is_not_entitled(self) -> None:
        found = assess(replace(BROKEN, promises=()), "sla_period")
        assert exception(found, "sla_period", 1, "USD") == found.sentence

    def test_are_no_matter_of_other_kinds(self) -> None:
        assert exception(assess(BROKEN, "goodwill"), "goodwill", 10**9, "USD") == ""


class TestLife:
    def test_leads_from_a_draft_to_the_memo(self) -> None:
        road = (life.DRAFT, life.WAITING, life.APPROVED, life.ISSUING, life.ISSUED, life.REVERSED)
        for before, after in zip(road, road[1:], strict=False):
            assert follow(before, after) == after

    @pytest.mark.parametrize("ended", [life.REJECTED, life.WITHDRAWN, life.EXPIRED, life.REVERSED])
    def test_ends_for_good(self, ended: str) -> None:
        for state in life.STATES:
            with pytest.raises(CannotChange):
                follow(ended, state)

    def test_never_gives_what_nobody_decided(self) -> None:
        assert not {life.APPROVED, life.ISSUING, life.ISSUED} & life.NEXT[life.DRAFT]
        assert not {life.ISSUING, life.ISSUED} & life.NEXT[life.WAITING]


def test_shares_are_shown_as_percent() -> None:
    assert [percent(value) for value in (1_000, 1_250, 5)] == ["10 %", "12.5 %", "0.05 %"]
