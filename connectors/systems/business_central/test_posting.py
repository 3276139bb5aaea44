from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Command, Outcome
from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT
from connectors.systems.business_central import entries, names
from connectors.systems.business_central.books import Books as Company
from connectors.systems.business_central.desk import Desk
from connectors.testing.books import Books, amounts, line

BOOKS = Books()
OK, REFUSED = Outcome.OK, Outcome.REFUSED


def owed(**sides: int) -> dict[str, Any]:
    return line("1100", customer="cus_1", **sides)


class TestDocuments:
    def test_lines_of_one_account_become_one_entry_and_are_the_same_books(self) -> None:
        desk = Desk()
        upgrade = BOOKS.command(INVOICE, 1, [
            owed(debit=194_974),
            line("2300", credit=907_397, memo="New plan"), line("2100", credit=74_860),
            line("2300", debit=737_376, memo="Unused time"), line("2100", debit=49_907),
        ])  # fmt: skip
        assert desk.one(upgrade).outcome is OK
        (held,) = desk.held(upgrade)
        assert held["lines"] == amounts(upgrade)
        assert desk.one(upgrade).outcome is Outcome.ALREADY_DONE

    @pytest.mark.parametrize(
        ("kind", "lines", "code"),
        [
            (INVOICE, [owed(credit=5), line("4000", debit=5)], "negative_total"),
            (CREDIT_MEMO, [owed(debit=5), line("4000", credit=5)], "negative_total"),
            (INVOICE, [line("1050", debit=5), line("4000", credit=5)], "receivable_missing"),
            (PAYMENT, [owed(debit=5), line("1050", credit=5)], "negative_total"),
            (
                PAYMENT,
                [owed(credit=9), line("1050", debit=5), line("6100", debit=4)],
                "payment_unfit",
            ),
            (JOURNAL, [line("1100", debit=5), line("4000", credit=5)], "party_missing"),
        ],
    )
    def test_what_a_native_document_cannot_carry_is_refused(
        self, kind: str, lines: list[dict[str, Any]], code: str
    ) -> None:
        desk = Desk()
        command = BOOKS.command(kind, 1, lines)
        receipt = desk.one(command)
        assert (receipt.outcome, receipt.code) == (REFUSED, code)
        assert len(receipt.reason.split()) > 5
        assert desk.held(command) == []

    def test_what_settles_in_part_or_an_invoice_that_is_not_there_is_refused(self) -> None:
        desk = Desk()
        invoice = BOOKS.invoice(1)
        unknown = desk.one(BOOKS.payment(2, of=invoice))
        assert (unknown.outcome, unknown.code) == (REFUSED, "invoice_missing")
        assert "IN-0001" in unknown.reason
        assert desk.one(invoice).outcome is OK
        part = BOOKS.credit_memo(3, of=invoice)
        document: Any = part.payload["document"]
        document["settles"][0]["amount"] = 100
        assert desk.one(part).code == "settles_in_part"

    def test_a_foreign_document_is_refused_and_its_journal_posted_in_the_books_currency(
        self,
    ) -> None:
        desk = Desk()
        foreign = {"document_currency": "EUR"}
        assert desk.one(BOOKS.invoice(1, **foreign)).code == "currency_mismatch"
        lines = [owed(debit=110, document_amount=100), line("4000", credit=110)]
        lines[1]["document_amount"] = -100
        assert desk.one(BOOKS.command(JOURNAL, 2, lines, **foreign)).outcome is OK

    def test_tax_that_nobody_asked_for_is_seen_before_it_is_posted(self) -> None:
        desk = Desk()
        desk.control("tax", {"percent": 10})
        receipt = desk.one(BOOKS.invoice(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
        assert desk.held(BOOKS.invoice(1)) == []
        untaxed = Desk(untaxed_code="NO TAX")
        untaxed.control("tax", {"percent": 10})
        assert untaxed.one(BOOKS.invoice(1)).outcome is OK

    def test_cost_centres_and_classes_go_as_dimensions_when_they_are_named(self) -> None:
        desk = Desk(cost_centre_dimension="DEPARTMENT", customer_class_dimension="SEGMENT")
        tagged = line("4000", credit=5, cost_centre="SALES", customer_class="EU")
        command = BOOKS.command(JOURNAL, 1, [line("1050", debit=5), tagged])
        desk.inside.faults.set({"half_done": True})
        desk.one(command)
        (company, *_) = desk.inside.world.companies.values()
        (batch,) = company.journals.values()
        assert batch["journalLines"][1]["dimensionSetLines"] == [
            {"code": "DEPARTMENT", "valueCode": "SALES"},
            {"code": "SEGMENT", "valueCode": "EU"},
        ]


class TestDrafts:
    def draft(self, desk: Desk, command: Command) -> str:
        desk.inside.faults.set({"half_done": 1})
        receipt = desk.one(command)
        assert receipt.outcome is Outcome.TRANSIENT
        return receipt.drafted_id

    def test_one_that_somebody_changed_is_left_to_them(self) -> None:
        desk = Desk()
        drafted = self.draft(desk, BOOKS.journal(1))
        desk.control("edit", {"key": BOOKS.journal(1).key, "amount": "77.00"})
        receipt = desk.one(BOOKS.journal(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "conflict")
        assert receipt.external_id == drafted

    def test_one_that_broke_off_is_made_anew(self) -> None:
        desk = Desk()
        self.draft(desk, BOOKS.journal(1))
        (company, *_) = desk.inside.world.companies.values()
        (batch,) = company.journals.values()
        batch["journalLines"].pop()
        assert desk.one(BOOKS.journal(1)).outcome is OK
        assert [one["posted"] for one in desk.held(BOOKS.journal(1))] == [True]

    def test_empty_batches_are_cleared_away_and_those_of_refused_ones_deleted(self) -> None:
        desk = Desk()
        desk.send(BOOKS.journal(1), BOOKS.payment(2), BOOKS.journal(3))
        desk.control("periods", {"2026-05": "closed"})
        assert desk.one(BOOKS.journal(4, accounting_date="2026-05-31")).code == "period_closed"
        (company, *_) = desk.inside.world.companies.values()
        assert not company.journals
        assert not company.payments

    def test_a_second_posting_of_one_key_is_told_as_such(self) -> None:
        desk = Desk()
        command = BOOKS.journal(1)
        desk.one(command)
        lines = [
            {"account": one["account"], "amount": one["debit"] - one["credit"]}
            for one in sorted(command.payload["lines"], key=lambda one: one["account"])
        ]
        number = names.document_number(command.key)
        desk.control(
            "book", {"entity": "US-INC", "date": BOOKS.day, "lines": lines, "number": number}
        )
        receipt = desk.one(command)
        assert (receipt.outcome, receipt.code) == (REFUSED, "duplicate")
        assert "twice" in receipt.reason


class TestNames:
    def test_a_key_fits_its_fields_and_is_read_back(self) -> None:
        for number in range(50):
            key = BOOKS.journal(number).key
            document, external = names.document_number(key), names.external_number(key)
            described = names.described("JE-1042 " + "Service of a very long name " * 9, key)
            code = names.batch_code(key)
            assert (len(document), len(external), len(described), len(code)) == (20, 35, 100, 10)
            assert code.isalpha()
            assert code.isupper()
            assert names.key_of_entry(document, described) == key
            assert names.key_of_document(external) == key
        assert names.key_of_entry("G1001", "Booked by hand ABCDEFGHIJKLMN") == ""

    def test_a_customers_number_is_its_id_where_that_fits(self) -> None:
        assert names.customer_number("cus_N1") == "CUS_N1"
        long = names.customer_number("0015g00000AcmeIncorporated")
        assert len(long) == 20
        assert long != names.customer_number("0015g00000AcmeIncorporatee")


class TestEntries:
    company = Company("c", "US", "US-INC", "USD", 2, "1100", "", "", {})

    def rows(self, *sides: tuple[str, int], start: int = 1, number: str = "A") -> list[Any]:
        return [
            {"entryNumber": start + place, "documentNumber": number, "postingDate": "2026-01-01",
             "documentType": "_x0020_", "description": "", "accountNumber": account,
             "debitAmount": max(amount, 0), "creditAmount": max(-amount, 0)}
            for place, (account, amount) in enumerate(sides)
        ]  # fmt: skip

    def test_entries_that_follow_one_another_are_one_document(self) -> None:
        rows = self.rows(("1050", 5), ("4000", -5))
        rows += self.rows(("1050", 6), ("4000", -6), start=3, number="B")
        rows += self.rows(("1050", 7), ("4000", -7), start=9)
        found = entries.documents(rows, self.company)
        assert [(one.first, one.number) for one in found] == [(1, "A"), (3, "B"), (9, "A")]

    def test_the_same_entries_again_are_another_document(self) -> None:
        rows = self.rows(*[("1050", 5), ("4000", -5)] * 3)
        assert [one.first for one in entries.documents(rows, self.company)] == [1, 3, 5]
        whole = self.rows(("1050", 5), ("1050", 5), ("4000", -5), ("4000", -5))
        assert len(entries.documents(whole, self.company)) == 1
