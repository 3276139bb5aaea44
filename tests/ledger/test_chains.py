"""Chains of schedules: lives that nobody planned, in any legal order, and what always holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel.periods import Span
from revops.ledger import chains
from revops.ledger.chains import NOTHING, Amount, Document, Held, Terms
from revops.ledger.schedules import portions
from tests.ledger.maps import MONTHS, span, weeks_4_4_5

deep = settings(max_examples=150, deadline=None, derandomize=True, database=None)

START, END = date(2025, 1, 1), date(2025, 12, 31)
CALENDARS = {"months": MONTHS, "weeks": weeks_4_4_5(date(2024, 1, 1), 16)}
CONVENTIONS = ("daily", "month_even", "month_prorate_ends")


def held(total: int, convention: str = "daily", *, functional: int | None = None) -> Held:
    own = total if functional is None else functional
    return Held(
        "us", "stripe:in_1", "il_1", 1, "stripe:sub_1", Terms("pro", convention, "2300", "4000"),
        "EUR", "USD", Amount(total, own), NOTHING, Span(START, END), entry_key=("invoice", "k"),
    )  # fmt: skip


def document(number: int) -> Document:
    return Document(f"stripe:in_{number}", "il_1", ("invoice", f"k{number}"))


def by_period(chain: list[Held], calendar) -> dict[str, Amount]:
    """What the whole chain earns in each period."""
    found: dict[str, Amount] = {}
    for one in chain:
        if one.stop_reason == chains.VOID:
            continue
        for part in portions(
            total=one.total.amount, functional_total=one.total.functional, service=one.service,
            convention=one.terms.convention, periods=calendar, until=one.stopped_on,
        ):  # fmt: skip
            found[part.period] = found.get(part.period, NOTHING) + Amount(
                part.amount, part.functional
            )
    return found


def earned(chain: list[Held], calendar) -> Amount:
    return sum(by_period(chain, calendar).values(), NOTHING)


class TestStopping:
    @pytest.mark.parametrize("convention", CONVENTIONS)
    @pytest.mark.parametrize("day", ["2025-07-01", "2025-07-10", "2025-01-01", "2025-12-31"])
    def test_and_going_on_without_a_change_moves_no_more_than_cents(
        self, convention: str, day: str
    ) -> None:
        plain = by_period([held(1_200_000, convention)], MONTHS)
        first = held(1_200_000, convention)

        made = chains.go_on(
            [first], date.fromisoformat(day), NOTHING, MONTHS, document=document(2),
            reason=chains.CHANGE,
        )  # fmt: skip

        assert made is not None
        changed = by_period([first, made], MONTHS)
        assert sum(part.amount for part in changed.values()) == 1_200_000
        for period, part in plain.items():
            assert abs(changed[period].amount - part.amount) <= 2

    def test_of_all_that_is_left_makes_no_successor(self) -> None:
        first = held(1_200_000, "month_even")

        made = chains.go_on(
            [first], date(2025, 4, 1), Amount(-900_000, -900_000), MONTHS, document=document(2),
            reason=chains.CREDIT,
        )  # fmt: skip

        assert made is None
        assert first.successor is None
        assert not first.stands
        assert first.earned(END, MONTHS) == Amount(300_000, 300_000)

    def test_a_pause_keeps_what_is_left_for_as_many_days(self) -> None:
        first = held(365_00)
        first.stop(date(2025, 3, 1), chains.PAUSE)

        made = chains.resumed(first, date(2025, 5, 1), MONTHS, document(2))

        assert made is not None
        assert made.service == span("2025-05-01", "2026-03-02")
        assert made.total == Amount(306_00, 306_00)
        assert first.successor is made


def lives() -> st.SearchStrategy:
    step = st.tuples(
        st.sampled_from(("upgrade", "downgrade", "credit", "pause", "resume", "end")),
        st.integers(0, 364),
        st.integers(1, 2_000_000),
    )
    return st.tuples(
        st.sampled_from(CONVENTIONS),
        st.sampled_from(sorted(CALENDARS)),
        st.integers(1, 5_000_000),
        st.integers(50, 200),
        st.lists(step, max_size=6),
    )


def live(life) -> tuple[list[Held], dict[Held, Amount], Amount, list]:
    """
    The chain after a life; what each schedule's document brought; what was billed and given back.
    """
    convention, name, total, rate, steps = life
    calendar = CALENDARS[name]
    first = held(total, convention, functional=total * rate // 100)
    chain, brought = [first], {first: first.total}
    billed = first.total
    for number, (what, offset, size) in enumerate(sorted(steps, key=lambda one: one[1]), 2):
        day = START + timedelta(days=offset)
        found = chains.standing(chain, day)
        if not found:
            continue
        rest = chains.rest(found, day, calendar)
        if what == "pause":
            for one in found:
                if not one.paused:
                    one.stop(max(day, one.service.start), chains.PAUSE)
            continue
        if what == "resume":
            for one in [each for each in found if each.paused and each.stopped_on <= day]:
                made = chains.resumed(one, day, calendar, document(number))
                if made is not None:
                    chain.append(made)
                    brought[made] = NOTHING
            continue
        delta = Amount(size, size * rate // 120)
        if what in ("downgrade", "credit", "end"):
            delta = NOTHING - rest.part(min(size, max(0, rest.amount)))
        reason = chains.ENDED if what == "end" else chains.CHANGE
        made = chains.go_on(
            found, day, delta, calendar, document=document(number), reason=reason,
            end=day if what == "end" else None,
        )  # fmt: skip
        if made is not None:
            chain.append(made)
            brought[made] = delta
            billed = billed + delta
        else:
            # Nothing is left: cents of the books' own currency went with the last part.
            billed = billed + delta
    return chain, brought, billed, calendar


class TestInvariants:
    @deep
    @given(lives())
    def test_everything_billed_is_earned_or_given_back_exactly(self, life) -> None:
        chain, _, billed, calendar = live(life)
        paused = sum([one.rest(one.stopped_on, calendar) for one in chain if one.paused], NOTHING)

        assert earned(chain, calendar) + paused == billed  # I2, I3, I10

    @deep
    @given(lives(), st.integers(0, 500))
    def test_what_is_deferred_is_never_negative(self, life, offset: int) -> None:
        chain, _, _, calendar = live(life)
        day = START + timedelta(days=offset)
        due = [period for period in calendar if period.span.end < day]
        left = 0
        for one in chain:
            began = one.total.amount - one.carried.amount
            if one.service.start <= day:
                left += began
        parts = by_period(chain, calendar)
        left -= sum(parts[period.code].amount for period in due if period.code in parts)

        assert left >= 0  # I2: 0 ≤ deferred at any date, measured on the chain

    @deep
    @given(lives(), st.data())
    def test_a_void_of_any_document_leaves_what_the_others_billed(self, life, data) -> None:
        chain, brought, billed, calendar = live(life)
        gone = data.draw(st.sampled_from(chain))
        paused_before = any(one.paused for one in chain)

        made, short = chains.undone(chain, {gone: brought[gone]}, calendar)

        chain += made
        if not paused_before:
            assert earned(chain, calendar).amount == (billed - brought[gone] - short).amount
        assert short.amount <= 0
        assert all(one.total.amount > 0 for one in made)

    @deep
    @given(lives())
    def test_a_void_of_everything_leaves_nothing(self, life) -> None:
        chain, brought, _, calendar = live(life)

        # Documents that took all that was left made no schedule of their own.
        emptied = [one for one in chain if one.given_up.amount]
        made, short = chains.undone(chain, dict(brought), calendar, regained=emptied)

        assert made == []
        assert short.amount == 0
        assert earned(chain, calendar) == NOTHING

    @deep
    @given(lives(), st.integers(-50, 50))
    def test_revenue_of_the_term_does_not_follow_later_rates(self, life, later: int) -> None:
        convention, name, total, rate, steps = life
        credits = [step for step in steps if step[0] != "upgrade"]
        chain, _, billed, calendar = live((convention, name, total, rate, credits))
        again = live((convention, name, total, rate, credits))

        # Rates after the invoice reach a chain only through what is billed later (I10).
        assert billed == again[2]
        assert by_period(chain, calendar) == by_period(again[0], again[3])


def test_copies_are_linked_like_what_they_copy() -> None:
    first = held(1_200_000)
    made = chains.go_on(
        [first], date(2025, 7, 1), NOTHING, MONTHS, document=document(2), reason=chains.CHANGE
    )
    assert made is not None

    copies = chains.copied([first, made])

    assert copies[first].successor is copies[made]
    copies[first].stop(START, chains.VOID)
    assert first.stopped_on == date(2025, 7, 1)
    assert replace(first).total == first.total
