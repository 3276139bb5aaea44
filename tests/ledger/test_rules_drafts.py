"""Drafts: balanced or refused, the same content for the same facts, undone by their mirror."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from revops.kernel.money import LIMIT
from revops.ledger.drafts import (
    CannotJournalize,
    DraftLine,
    JournalDraft,
    Portion,
    ScheduleDraft,
    Unbalanced,
    business_key,
)
from tests.ledger.maps import span

quick = settings(max_examples=100, deadline=None, derandomize=True, database=None)

JANUARY = span("2025-01-01", "2025-01-31")
texts = st.text("ab/%:é ", max_size=4)


def line(account: str, amount: int, functional: int | None = None, **more) -> DraftLine:
    return DraftLine(account, amount, amount if functional is None else functional, **more)


def draft(*lines: DraftLine, **more) -> JournalDraft:
    given_ = {
        "legal_entity": "us",
        "document_type": "invoice",
        "business_key": "stripe:in_1",
        "revision": 1,
        "accounting_date": date(2025, 1, 1),
        "currency": "USD",
        "functional_currency": "USD",
        "description": "Invoice INV-1, Acme",
        "rule": "invoices.issued",
        **more,
    }
    return JournalDraft(lines=lines or (line("1100", 100), line("2300", -100)), **given_)


class TestDraftLine:
    @pytest.mark.parametrize("amount", [LIMIT, -LIMIT])
    def test_refuses_more_than_the_books_hold(self, amount: int) -> None:
        with pytest.raises(Unbalanced, match="no amount for a line"):
            line("1100", amount, 1)

    def test_refuses_to_move_nothing(self) -> None:
        with pytest.raises(Unbalanced, match="moves nothing"):
            line("1100", 0, 0)

    def test_may_move_the_books_own_currency_alone(self) -> None:
        assert line("1100", 0, -20_000).functional == -20_000

    def test_refuses_to_be_debit_in_one_currency_and_credit_in_the_other(self) -> None:
        with pytest.raises(Unbalanced, match="one currency only"):
            line("1100", 100, -110)

    def test_may_be_too_small_for_the_functional_currency(self) -> None:
        assert line("1100", 1, 0).functional == 0

    def test_needs_an_account(self) -> None:
        with pytest.raises(Unbalanced, match="no account"):
            line("", 100)


class TestJournalDraft:
    def test_refuses_what_does_not_balance_and_says_by_how_much(self) -> None:
        with pytest.raises(Unbalanced, match="invoice/stripe:in_1/r1 .* by 1 minor units of USD"):
            draft(line("1100", 100), line("2300", -99))

    def test_refuses_what_balances_in_one_currency_only(self) -> None:
        with pytest.raises(Unbalanced, match="0 minor units of EUR and 1 of USD"):
            draft(line("1100", 100, 110), line("2300", -100, -109), currency="EUR")

    def test_refuses_two_amounts_of_one_currency(self) -> None:
        with pytest.raises(Unbalanced, match="two amounts of one currency"):
            draft(line("1100", 100, 110), line("2300", -100, -110))

    @pytest.mark.parametrize("lines", [(line("1100", 100),)])
    def test_refuses_a_single_line(self, lines: tuple[DraftLine, ...]) -> None:
        with pytest.raises(Unbalanced, match="two lines"):
            draft(*lines)

    @pytest.mark.parametrize(
        "wrong", [{"document_type": "memo"}, {"business_key": ""}, {"revision": 0}]
    )
    def test_refuses_an_identity_that_is_none(self, wrong: dict) -> None:
        with pytest.raises(ValueError, match=r"document type|business key"):
            draft(**wrong)

    def test_is_a_case_for_a_person_when_unbalanced(self) -> None:
        assert issubclass(Unbalanced, CannotJournalize)

    def test_adds_up_its_debits(self) -> None:
        assert draft(line("1100", 70), line("1050", 30), line("2300", -100)).amount == 100


class TestContent:
    def test_stays_the_same_when_only_words_change(self) -> None:
        named = replace(
            draft(line("1100", 100, memo="Invoice", customer_name="Acme"), line("2300", -100)),
            description="Other words",
            rule="renamed",
            mapping_version=9,
        )

        assert named.content_hash() == draft().content_hash()

    @pytest.mark.parametrize(
        "changed",
        [
            draft(legal_entity="eu"),
            draft(document_type="payment"),
            draft(business_key="stripe:in_2"),
            draft(revision=2),
            draft(accounting_date=date(2025, 1, 2)),
            draft(currency="EUR"),
            draft(currency="EUR", functional_currency="EUR"),
            draft(reverses="invoice/x/r1"),
            draft(line("1101", 100), line("2300", -100)),
            draft(line("1100", 101), line("2300", -101)),
            draft(line("2300", -100), line("1100", 100)),
            draft(line("1100", 100, source_line="il_1"), line("2300", -100)),
            draft(line("1100", 100, customer_id="cus_1"), line("2300", -100)),
            draft(line("1100", 100, tax_code="us-ca"), line("2300", -100)),
            draft(line("1100", 100, service=JANUARY), line("2300", -100)),
        ],
    )
    def test_changes_with_every_fact(self, changed: JournalDraft) -> None:
        assert changed.content_hash() != draft().content_hash()

    def test_stays_what_it_was_when_it_was_recorded(self) -> None:
        # A hash that changes between releases would call every replay a conflict.
        assert (
            draft().content_hash()
            == "5e04c7d8898cde5672e307a4f2fe022b2c0768774807ed93b7fd0c8836980058"
        )


class TestReversed:
    def test_mirrors_each_line_and_says_what_it_undoes(self) -> None:
        original = draft(
            line("1100", 100, 110, customer_id="cus_1"),
            line("2300", -100, -110, source_line="il_1", service=JANUARY),
            currency="EUR",
        )

        mirror = original.reversed(on=date(2025, 2, 1), business_key="stripe:in_1")

        assert mirror.document_type == "void"
        assert mirror.reverses == original.identity == "invoice/stripe:in_1/r1"
        assert mirror.accounting_date == date(2025, 2, 1)
        assert [(one.amount, one.functional) for one in mirror.lines] == [(-100, -110), (100, 110)]
        assert mirror.lines[1].service == JANUARY
        assert mirror.description == "Reversal of Invoice INV-1, Acme"

    @quick
    @given(amounts=st.lists(st.integers(1, 10**9), min_size=1, max_size=8))
    def test_leaves_nothing_in_any_account(self, amounts: list[int]) -> None:
        lines = [line(f"4{index}", -amount) for index, amount in enumerate(amounts)]
        original = draft(line("1100", sum(amounts)), *lines)

        mirror = original.reversed(on=date(2025, 2, 1), business_key="stripe:in_1")

        assert mirror.amount == original.amount
        for one, other in zip(original.lines, mirror.lines, strict=True):
            assert (other.account, other.amount) == (one.account, -one.amount)


class TestBusinessKey:
    def test_reads_as_a_path(self) -> None:
        assert business_key("stripe:in_1", "il_1", "2025-01") == "stripe:in_1/il_1/2025-01"

    def test_stays_readable_and_distinct_when_it_is_long(self) -> None:
        long = "x" * 120
        keys = {business_key(f"stripe:{long}", long, f"2025-{month:02d}") for month in range(1, 13)}

        assert len(keys) == 12
        assert all(len(key) <= 200 and key.startswith("stripe:x") for key in keys)

    @quick
    @given(
        one=st.tuples(st.sampled_from(["a:1", "b:2"]), texts, texts),
        other=st.tuples(st.sampled_from(["a:1", "b:2"]), texts, texts),
    )
    def test_differs_for_different_parts(self, one: tuple, other: tuple) -> None:
        assert (business_key(*one) == business_key(*other)) == (one == other)


class TestScheduleDraft:
    @pytest.mark.parametrize("amounts", [(99, 100), (100, 99)])
    def test_refuses_to_spread_other_than_its_totals(self, amounts: tuple[int, int]) -> None:
        with pytest.raises(Unbalanced, match="il_1 spreads"):
            ScheduleDraft(
                legal_entity="us",
                business_key="stripe:in_1",
                line_id="il_1",
                sku="pro",
                currency="USD",
                total=100,
                functional_currency="USD",
                functional_total=100,
                service=JANUARY,
                convention="daily",
                deferral_account="2300",
                revenue_account="4000",
                portions=(Portion("2025-01", JANUARY, *amounts),),
            )
