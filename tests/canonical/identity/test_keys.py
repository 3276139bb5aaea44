"""By their keys everybody is found whom comparing all customers with all would propose."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.canonical.identity.keys import keys
from revops.canonical.identity.scoring import PROPOSE, Place, Side, compare

# Names that differ by a letter, a word, the order of words, a number, and not at all.
NAMES = st.sampled_from([
    "Kestrel Robotics", "Kestrel Robotic", "Kestral Robotics", "Robotics Kestrel GmbH",
    "Kestrel Robotics Berlin", "Kestrel Robotics 7", "Kestrel Robotics 8", "Alder", "Alders",
    "Alder Analytics", "Alder Analytik", "月島", "月島製作所", "aaaa", "aaaaa", "",
])  # fmt: skip
DOMAINS = st.sampled_from([
    "kestrel.example", "eu.kestrel.example", "kestrel.test", "www.kestrel.example", "gmail.com",
    "alder.co.example", "shop.alder.co.example", "co.example", "app.example",
])  # fmt: skip
SIDES = st.builds(
    Side,
    id=st.integers(1, 6),
    names=st.lists(NAMES, max_size=2).map(tuple),
    domains=st.lists(DOMAINS, max_size=2).map(tuple),
    tax=st.lists(st.tuples(st.sampled_from(["DE", "FR"]), st.sampled_from(["11111", "22222"])),
                 max_size=1).map(tuple),
    places=st.lists(
        st.builds(Place, st.sampled_from(["DE", "FR"]), st.sampled_from(["10115", "10 115", ""]),
                  st.sampled_from(["Berlin", "berlin", ""])),
        max_size=2).map(tuple),
    parents=st.lists(st.tuples(st.integers(1, 6), st.just("Group")), max_size=1).map(tuple),
)  # fmt: skip


def meet(one: Side, other: Side) -> bool:
    return not keys(one).asked.isdisjoint(keys(other).stored)


class TestKeys:
    @settings(max_examples=1500)
    @given(SIDES, SIDES)
    def test_meet_whenever_two_would_be_proposed(self, one: Side, other: Side) -> None:
        if compare(one, other).score >= PROPOSE:
            assert meet(one, other)
            assert meet(other, one)

    @settings(max_examples=300)
    @given(st.text(st.sampled_from("abc de"), min_size=4, max_size=24), st.data())
    def test_meet_in_one_postal_code_for_names_half_alike(
        self, name: str, data: st.DataObject
    ) -> None:
        at = data.draw(st.integers(0, len(name) - 1))
        other = name[:at] + data.draw(st.sampled_from("abcde")) + name[at + 1 :]
        here = Place("DE", "10115", "Berlin")
        two = [
            Side(id=number, names=(one,), places=(here,), parents=((9, "Group"),))
            for number, one in enumerate((name, other), 1)
        ]
        if compare(*two).score >= PROPOSE:
            assert meet(*two)

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (Side(1, ("Alder 7",)), Side(2, ("Alder 8",))),
            (Side(1, ("Alder Energy",)), Side(2, ("Alder Foods",))),
            (Side(1, ("Alder",), ("gmail.com",)), Side(2, ("Basalt",), ("gmail.com",))),
            (Side(1, ("Alder",), ("a.co.example",)), Side(2, ("Basalt",), ("b.co.example",))),
            (Side(1, ("Alder",), places=(Place("DE", "10115", "Berlin"),)),
             Side(2, ("Basalt",), places=(Place("DE", "10115", "Berlin"),))),
        ],
    )  # fmt: skip
    def test_do_not_meet_for_what_many_have_in_common(self, one: Side, other: Side) -> None:
        assert not meet(one, other)

    def test_are_few(self) -> None:
        side = Side(
            1, ("Kestrel Robotics and Automation Systems",), ("kestrel.example",), (("DE", "1"),),
            (Place("DE", "10115", "Berlin"),), ((2, "Group"),),
        )  # fmt: skip
        assert len(keys(side).stored) < Decimal(80)
