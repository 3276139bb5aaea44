"""Pauses by their effective days: whoever is told of them in another order ends with the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from revops.ledger import chains
from revops.ledger.chains import NOTHING, Held
from revops.ledger.rests import Rest, pauses, rested
from tests.ledger.maps import MONTHS
from tests.ledger.test_chains import CONVENTIONS, START, document, earned, held

deep = settings(max_examples=200, deadline=None, derandomize=True, database=None, print_blob=True)
RESTS = st.lists(
    st.builds(
        Rest, st.integers(-40, 400).map(lambda days: START + timedelta(days=days)), st.booleans()
    ),
    max_size=6, unique=True,
)  # fmt: skip


def told(order: Sequence[Rest], convention: str) -> list[Held]:
    chain, known = [held(1_200_000, convention)], set()
    for rest in order:
        known.add(rest)
        for one in [each for each in chain if each.stands]:
            chain += rested(chain, one, pauses(known), MONTHS, document(2))
    return [one for one in chain if one.stop_reason != chains.VOID]


def state(chain: Sequence[Held]) -> list[tuple[object, ...]]:
    return sorted((one.service.start, one.service.end, one.stopped_on, one.total.amount)
                  for one in chain)  # fmt: skip


class TestPauses:
    def test_are_from_the_first_day_of_rest_to_the_first_day_of_service(self) -> None:
        days = [date(2025, month, 1) for month in range(1, 6)]
        rests = [
            Rest(days[1], begins=True),
            Rest(days[2], begins=True),
            Rest(days[3], begins=False),
        ]

        assert pauses(rests) == [(days[1], days[3])]
        assert pauses([*rests, Rest(days[4], begins=True)])[1:] == [(days[4], None)]
        assert pauses([Rest(days[0], begins=False)]) == []

    def test_of_one_day_leave_what_ran_running_and_what_rested_resting(self) -> None:
        day, before = date(2025, 3, 1), date(2025, 2, 1)
        both = [Rest(day, begins=True), Rest(day, begins=False)]

        assert pauses(both) == [(day, day)]
        assert pauses([*both, Rest(before, begins=True)]) == [(before, day), (day, None)]


class TestRested:
    @deep
    @given(rests=RESTS, data=st.data(), convention=st.sampled_from(CONVENTIONS))
    def test_ends_the_same_whatever_is_told_first(self, rests, data, convention: str) -> None:
        natural = told(sorted(rests, key=lambda one: (one.day, one.begins)), convention)

        shuffled = told(data.draw(st.permutations(rests)), convention)

        assert state(shuffled) == state(natural)

    @deep
    @given(rests=RESTS, convention=st.sampled_from(CONVENTIONS))
    def test_i2_i3_loses_nothing_of_what_was_billed(self, rests, convention: str) -> None:
        chain = told(rests, convention)

        resting = sum([one.rest(one.stopped_on, MONTHS) for one in chain if one.paused], NOTHING)
        assert (earned(chain, MONTHS) + resting).amount == 1_200_000
