"""Billing's list and the ERP's list are compared by what documents are, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from revops.kernel.money import Money
from revops.sandbox.rehearsals import counting, verdict
from revops.sandbox.rehearsals.counting import Count, Issued
from tests.rehearsals.kit import ENTITIES, a_report, move, row, with_ends

(ONE, TWO) = counting.issued({"documents": [row("in_1", 1_200), row("in_2", 900)]})


def compared(documents: list[Issued], *moves: dict[str, Any]) -> Count:
    return counting.compare(documents, counting.held(moves), entities=ENTITIES, source="stripe")


class TestCount:
    def test_finds_each_document_once(self) -> None:
        found = compared([ONE, TWO], move(ONE, "12.00"), move(TWO, "9.00", entity="UK-LTD"))
        assert not found.missing
        assert not found.other
        assert not (found.twice)
        assert not found.unknown
        (line,) = found.lines
        assert (line.label, line.wrong, len(line.issued), len(line.held)) == ("Invoices", 0, 2, 2)
        assert line.sums == (Money(2_100, "USD"), Money(2_100, "USD"))

    def test_misses_what_the_erp_holds_as_a_draft_only(self) -> None:
        found = compared([ONE], move(ONE, "12.00", state="draft"))
        assert found.missing == [ONE]
        assert found.lines[0].wrong == 1

    def test_says_what_is_there_twice_or_with_another_amount(self) -> None:
        found = compared([ONE, TWO], move(ONE, "12.00"), move(ONE, "12.00"), move(TWO, "9.01"))
        assert found.twice == [ONE]
        assert [document for document, _ in found.other] == [TWO]

    def test_says_what_is_there_in_another_currency(self) -> None:
        found = compared([ONE], move(ONE, "12.00") | {"currency": "EUR"})
        assert [document for document, _ in found.other] == [ONE]
        assert found.lines[0].sums == (Money(1_200, "USD"), Money(0, "USD"))

    def test_says_what_the_erp_alone_has(self) -> None:
        foreign = move(ONE, "12.00") | {"key": "rc1-somebody-elses"}
        found = compared([], foreign)
        assert [held.key for held in found.unknown] == ["rc1-somebody-elses"]

    def test_takes_a_document_that_was_booked_again(self) -> None:
        found = compared([ONE], move(ONE, "12.00", revision=2))
        assert not found.missing
        assert not found.other
        assert not (found.twice)
        assert not found.unknown

    def test_reads_a_foreign_document_in_its_own_currency(self) -> None:
        (euros,) = counting.issued({"documents": [row("in_3", 1_000, currency="EUR")]})
        found = compared([euros], move(euros, "12.00", second="EUR 10.00"))
        assert not found.missing
        assert not found.other

    @pytest.mark.parametrize(
        "text", ["JE-1 Recognition of N-1, A", "JE-2 Payment pi_1 returned, A", "JE-3", ""]
    )
    def test_leaves_out_what_is_no_document_of_billing(self, text: str) -> None:
        assert not compared([], move(ONE, "12.00") | {"text": text}).lines

    def test_counts_a_document_whose_text_says_nothing(self) -> None:
        (line,) = compared([ONE], move(ONE, "12.00") | {"text": "JE-1 typed by a person"}).lines
        assert (line.wrong, line.sums) == (0, (Money(1_200, "USD"), Money(1_200, "USD")))


class TestVerdict:
    def test_is_well_only_when_nothing_is_left(self) -> None:
        assert verdict.of(a_report()).tone == "ok"
        assert verdict.of(a_report(waiting=1, ends_in_all=1)).tone == "wait"
        in_case = a_report(in_cases=1, ends_in_all=1)
        assert verdict.of(in_case).title == "Older cases keep documents out of the ERP."

    def test_says_the_worst_first(self) -> None:
        said = verdict.of(with_ends())
        assert said.tone == "crit"
        assert said.title == "1 document does not agree, and no case says why."
