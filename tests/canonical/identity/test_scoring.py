"""Two customers compared: what counts, how much, and that the score behaves."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revops.canonical.identity.names import alike, core
from revops.canonical.identity.scoring import (
    PROPOSE,
    Compared,
    Evidence,
    Place,
    Side,
    compare,
    score,
)

NAMES = st.sampled_from(["Halden Media", "Halden Media GmbH", "Alder 7", "Alder 8", "Inc", "月島"])
SIDES = st.builds(
    Side,
    id=st.integers(1, 4),
    names=st.lists(NAMES, max_size=3).map(tuple),
    domains=st.lists(
        st.sampled_from(["halden.example", "eu.halden.example", "gmail.com", "x.example"]),
        max_size=3,
    ).map(tuple),
    tax=st.lists(
        st.tuples(st.sampled_from(["DE", "FR"]), st.sampled_from(["11111", "22222"])), max_size=2
    ).map(tuple),
    places=st.lists(
        st.builds(
            Place, st.sampled_from(["DE", "FR", ""]), st.sampled_from(["10115", "10 115", ""]),
            st.sampled_from(["Berlin", "berlin", ""]),
        ),
        max_size=3,
    ).map(tuple),
    parents=st.lists(st.tuples(st.integers(1, 4), st.just("Group")), max_size=2).map(tuple),
)  # fmt: skip
WEIGHTS = st.decimals(Decimal("-0.99"), Decimal("0.99"), places=2)
EVIDENCE = st.lists(st.builds(Evidence, st.just("k"), st.just("a"), st.just("b"), WEIGHTS,
                              st.just("s.")), max_size=6)  # fmt: skip


def kinds(found: Compared) -> dict[str, bool]:
    return {one.kind: one.agrees for one in found.evidence}


class TestNames:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Halden Media GmbH", "HALDEN MEDIA, Inc."),
            ("Müller & Söhne GmbH & Co. KG", "muller and sohne"),
            ("株式会社月島", "月島"),
            ("Ｈａｌｄｅｎ Ltd", "Halden Limited"),  # noqa: RUF001  full width is what is tested
            ("O'Brien S.A.", "OBrien"),
            ("Alder Sp. z o.o.", "Alder"),
        ],
    )
    def test_are_the_same_without_form_and_spelling(self, one: str, other: str) -> None:
        assert core(one) == core(other) != ""

    def test_of_nothing_but_a_form_stay(self) -> None:
        assert core("AG") == "ag"

    def test_with_another_number_are_not_alike(self) -> None:
        assert alike("customer 17", "customer 18") == 0
        assert alike("studio 54 records", "studio 54 record") > Decimal("0.5")


class TestScore:
    @given(EVIDENCE)
    def test_is_between_nothing_and_one(self, evidence: list[Evidence]) -> None:
        assert 0 <= score(evidence) <= 1

    @given(EVIDENCE, st.decimals(Decimal("0.01"), Decimal("0.99"), places=2))
    def test_is_never_lowered_by_one_more_thing_that_agrees(
        self, evidence: list[Evidence], weight: Decimal
    ) -> None:
        more = Evidence("more", "a", "a", weight, "More.")
        assert score([*evidence, more]) >= score(evidence)

    @given(SIDES, SIDES)
    def test_is_the_same_whichever_side_is_which(self, left: Side, right: Side) -> None:
        one, other = compare(left, right), compare(right, left)
        assert one.score == other.score
        assert sorted((e.kind, e.weight, *sorted((e.left, e.right))) for e in one.evidence) == (
            sorted((e.kind, e.weight, *sorted((e.left, e.right))) for e in other.evidence)
        )


class TestEvidence:
    def test_of_a_name_alone_is_enough_to_ask(self) -> None:
        found = compare(Side(1, ("Halden Media GmbH",)), Side(2, ("Halden Media Inc",)))
        assert found.score >= PROPOSE

    def test_of_names_that_are_only_alike_is_not(self) -> None:
        found = compare(Side(1, ("Halden Media",)), Side(2, ("Halden Medias",)))
        assert 0 < found.score < PROPOSE

    def test_never_comes_from_a_domain_where_anybody_has_mail(self) -> None:
        found = compare(Side(1, domains=("gmail.com",)), Side(2, domains=("GMAIL.com",)))
        assert found.evidence == ()
        assert found.score == 0

    def test_takes_a_part_of_a_domain_for_less_than_the_domain(self) -> None:
        same = compare(Side(1, domains=("www.a.example",)), Side(2, domains=("a.example",)))
        part = compare(Side(1, domains=("eu.a.example",)), Side(2, domains=("a.example",)))
        assert same.score > part.score > 0

    def test_knows_a_company_by_its_domains_in_two_countries(self) -> None:
        left = Side(1, ("Halden GmbH",), ("halden.de",), places=(Place("DE"),))
        right = Side(2, ("Halden Inc",), ("halden.com",), places=(Place("US"),))
        found = compare(left, right)
        assert found.score >= PROPOSE
        assert "differ only in their ending" in found.evidence[1].sentence

    def test_of_other_tax_ids_in_the_same_country_outweighs_name_and_domain(self) -> None:
        alike_sides = [Side(n, ("Halden",), ("halden.example",)) for n in (1, 2)]
        assert compare(*alike_sides).score >= PROPOSE
        left, right = (
            Side(n, ("Halden",), ("halden.example",), tax=(("DE", f"1234{n}"),)) for n in (1, 2)
        )
        found = compare(left, right)
        assert found.score < Decimal("0.2")
        assert kinds(found) == {"name": True, "domain": True, "tax_id": False}

    def test_says_nothing_of_tax_ids_of_different_countries(self) -> None:
        left, right = Side(1, tax=(("DE", "11111"),)), Side(2, tax=(("FR", "11111"),))
        assert compare(left, right).evidence == ()

    def test_of_one_being_above_the_other_keeps_them_two(self) -> None:
        group = Side(1, ("Halden",), ("halden.example",))
        part = Side(2, ("Halden",), ("halden.example",), parents=((1, "Halden"),))
        assert compare(group, part).score == compare(part, group).score < PROPOSE

    def test_reads_as_sentences_strongest_first(self) -> None:
        left = Side(1, ("Halden GmbH",), ("h.example",), places=(Place("DE", "10115", "Berlin"),))
        right = Side(2, ("Halden Inc",), ("h.example",), places=(Place("US"),))
        found = compare(left, right)
        assert [one.kind for one in found.evidence] == ["domain", "name", "address"]
        assert found.evidence[-1].left == "10115 Berlin, DE"
        assert all(one.sentence.endswith(".") for one in found.evidence)
