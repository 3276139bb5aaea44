"""Billing's list and the ERP's list are compared by what documents are, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from revops.kernel.money import Money
from revops.sandbox.rehearsals import counting, verdict
from revops.sandbox.rehearsals.counting import Count, Held, Issued
from tests.rehearsals.kit import ENTITIES, a_report, journal, posting, row, with_ends


def billed(*rows: dict[str, Any], source: str = "stripe") -> list[Issued]:
    return counting.issued({"documents": rows}, source=source)


(ONE, TWO) = billed(row("in_1", 1_200), row("in_2", 900))


def compared(documents: list[Issued], *postings: Held) -> Count:
    return counting.compare(documents, postings, entities=ENTITIES)


def differences(count: Count) -> list[Any]:
    return [*count.missing, *count.other, *count.twice, *count.unknown]


class TestCount:
    def test_finds_each_document_once(self) -> None:
        found = compared([ONE, TWO], posting(ONE, 1_200), posting(TWO, 900, entity="UK-LTD"))
        assert differences(found) == []
        (line,) = found.lines
        assert (line.label, line.wrong, len(line.issued), len(line.held)) == ("Invoices", 0, 2, 2)
        assert line.sums == (Money(2_100, "USD"), Money(2_100, "USD"))
        assert (found.kept["tryton"], found.wrong["tryton"]) == (2, 0)

    def test_misses_what_the_erp_holds_as_a_draft_only(self) -> None:
        drafted = counting.held([journal(ONE, 1_200, state="draft")], erp="tryton")
        found = compared([ONE], *drafted)
        assert found.missing == [ONE]
        assert found.lines[0].wrong == 1

    def test_says_what_is_there_twice_or_with_another_amount(self) -> None:
        twice = posting(ONE, 1_200)
        found = compared([ONE, TWO], twice, twice, posting(TWO, 901))
        assert found.twice == [ONE]
        assert [document for document, _ in found.other] == [TWO]
        assert found.wrong["tryton"] == 2

    def test_says_what_is_in_two_erps(self) -> None:
        found = compared([ONE], posting(ONE, 1_200), posting(ONE, 1_200, erp="netsuite"))
        assert found.twice == [ONE]

    def test_tells_documents_of_two_billing_systems_apart(self) -> None:
        (same,) = billed(row("in_1", 700), source="chargebee")
        found = compared([ONE, same], posting(ONE, 1_200), posting(same, 700, erp="sap"))
        assert differences(found) == []
        assert [line.source for line in found.lines] == ["chargebee", "stripe"]
        assert found.kept == {"tryton": 1, "sap": 1}

    def test_says_what_is_there_in_another_currency(self) -> None:
        found = compared([ONE], posting(ONE, 1_200, currency="EUR"))
        assert [document for document, _ in found.other] == [ONE]
        assert found.lines[0].sums == (Money(1_200, "USD"), Money(0, "USD"))

    def test_says_what_the_erp_alone_has(self) -> None:
        found = compared([], posting(ONE, 1_200, key="rc1-somebody-elses"))
        assert [held.key for held in found.unknown] == ["rc1-somebody-elses"]
        assert found.wrong["tryton"] == 1

    def test_says_so_too_where_texts_are_too_short(self) -> None:
        alone = posting(ONE, 1_200, reference="Service 2026-09")
        assert compared([], alone).unknown == []
        meant = {alone.key: "invoice"}
        found = counting.compare([], [alone], entities=ENTITIES, meant=meant)
        assert found.unknown == [replace(alone, kind="invoice")]
        assert compared([ONE], alone).unknown == []

    def test_takes_a_document_that_was_booked_again(self) -> None:
        found = compared([ONE], posting(ONE, 1_200, revision=2))
        assert differences(found) == []

    def test_reads_a_foreign_document_in_its_own_currency(self) -> None:
        (euros,) = billed(row("in_3", 1_000, currency="EUR"))
        found = compared([euros], posting(euros, 1_000, currency="EUR", books="USD"))
        assert differences(found) == []

    @pytest.mark.parametrize(
        "text", ["JE-1 Recognition of N-1, A", "JE-2 Payment pi_1 returned, A", "JE-3", ""]
    )
    def test_leaves_out_what_is_no_document_of_billing(self, text: str) -> None:
        assert not compared([], posting(ONE, 1_200, reference=text)).lines

    def test_counts_a_document_whose_text_says_nothing(self) -> None:
        (line,) = compared([ONE], posting(ONE, 1_200, reference="typed by a person")).lines
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
