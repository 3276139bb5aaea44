from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Outcome
from connectors.http import Client
from connectors.postings import CREDIT_MEMO, INVOICE, JOURNAL, PAYMENT
from connectors.systems.sap import names, sandbox
from connectors.systems.sap.desk import Desk
from connectors.systems.sap.sandbox.app import Config
from connectors.testing.books import Books, line

BOOKS = Books()
OK, REFUSED = Outcome.OK, Outcome.REFUSED


def owed(**sides: int) -> dict[str, Any]:
    return line("1100", customer="cus_1", **sides)


class TestEntries:
    def test_are_posted_together_and_told_apart(self) -> None:
        desk = Desk()
        desk.inside.close({"2026-05": "closed"})
        commands = [
            BOOKS.invoice(1),
            BOOKS.journal(2, accounting_date="2026-05-31"),
            BOOKS.payment(3, of=BOOKS.invoice(1)),
            BOOKS.journal(4),
        ]
        receipts = desk.send(*commands)
        assert [one.code for one in receipts] == ["", "period_closed", "", ""]
        assert receipts[1].reason == "SAP: Posting period 005 2026 is not open."
        assert len({one.external_id for one in receipts}) == 4
        types = {row["AccountingDocumentType"] for row in desk.inside.world.items}
        assert types == {"DR", "SA", "DZ"}

    def test_carry_key_number_and_assignment_in_fields_of_their_length(self) -> None:
        desk = Desk()
        invoice = BOOKS.invoice(1)
        desk.send(invoice, BOOKS.credit_memo(2, of=invoice))
        items = desk.inside.world.items
        first = items[0]
        assert len(first["DocumentReferenceID"]) == 16
        assert first["AccountingDocumentHeaderText"].endswith(" JE-1001")
        assert first["DocumentItemText"].startswith("IN-0001 ")
        debtors = [row["AssignmentReference"] for row in items if row["Customer"]]
        assert debtors == [names.reference(invoice.key)] * 2
        for number in range(40):
            key = BOOKS.journal(number).key
            header = names.header(key, "JE-1234567890")
            assert names.key_of(names.reference(key), header) == key
            assert (len(header), len(names.message(key))) == (25, 35)

    def test_a_payment_of_several_invoices_has_an_item_for_each_and_for_the_rest(self) -> None:
        desk = Desk()
        one, two = BOOKS.invoice(1), BOOKS.invoice(2)
        desk.send(one, two)
        settles = [
            {"key": one.key, "number": "IN-0001", "amount": 1_299_000},
            {"key": two.key, "number": "IN-0002", "amount": 1_000},
        ]
        lines = [line("1050", debit=1_305_000), owed(credit=1_305_000)]
        payment = BOOKS.command(PAYMENT, 3, lines, settles=settles)
        assert desk.one(payment).outcome is OK
        amounts = [
            (row["AssignmentReference"], row["AmountInCompanyCodeCurrency"])
            for row in desk.inside.world.items
            if row["Customer"] and row["AccountingDocumentType"] == "DZ"
        ]
        assert amounts == [
            (names.reference(one.key), "-12990.00"),
            (names.reference(two.key), "-10.00"),
            (names.reference(payment.key), "-50.00"),
        ]

    def test_what_is_cleared_later_is_not_due(self) -> None:
        desk = Desk()
        invoice = BOOKS.invoice(1)
        desk.send(invoice, BOOKS.payment(2, of=invoice))
        assert desk.inside.world.clear() == 1

        async def listed(client: Client) -> list[int | None]:
            rows, _ = await desk.connector.snapshot(
                client, desk.settings, kind="invoice", start="2026-01-01", end="2026-12-31",
                cursor="",
            )  # fmt: skip
            return [row.due for row in rows]

        assert desk.run(listed) == [0]

    def test_a_foreign_document_goes_in_both_currencies_when_it_is_whole_in_its_own(self) -> None:
        desk = Desk()
        lines = [owed(debit=110, document_amount=100), line("4000", credit=110)]
        lines[1]["document_amount"] = -100
        whole = BOOKS.command(JOURNAL, 1, lines, document_currency="EUR")
        lines = [*lines, line("7100", debit=5), line("1050", credit=5)]
        parted = BOOKS.command(JOURNAL, 2, lines, document_currency="EUR")
        assert [one.outcome for one in desk.send(whole, parted)] == [OK, OK]
        currencies = [row["TransactionCurrency"] for row in desk.inside.world.items]
        assert currencies == ["EUR"] * 2 + ["USD"] * 4
        assert desk.one(whole).outcome is Outcome.ALREADY_DONE

    @pytest.mark.parametrize(
        ("kind", "lines", "code"),
        [
            (INVOICE, [line("1050", debit=5), line("4000", credit=5)], "receivable_missing"),
            (JOURNAL, [line("1100", debit=5), line("4000", credit=5)], "party_missing"),
            (CREDIT_MEMO, [owed(credit=5), owed(debit=5)], "receivable_missing"),
        ],
    )
    def test_what_cannot_go_is_refused(
        self, kind: str, lines: list[dict[str, Any]], code: str
    ) -> None:
        desk = Desk()
        receipt = desk.one(BOOKS.command(kind, 1, lines))
        assert (receipt.outcome, receipt.code) == (REFUSED, code)
        assert desk.inside.world.items == []

    def test_what_settles_an_invoice_that_is_not_there_is_refused(self) -> None:
        receipt = Desk().one(BOOKS.payment(1, of=BOOKS.invoice(9)))
        assert (receipt.outcome, receipt.code) == (REFUSED, "invoice_missing")

    def test_two_under_one_key_are_told_as_such(self) -> None:
        desk = Desk()
        desk.one(BOOKS.journal(1))
        again = [{**row, "AccountingDocument": "0100000099"} for row in desk.inside.world.items]
        desk.inside.world.items += again
        receipt = desk.one(BOOKS.journal(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "duplicate")
        assert "0100000099" in receipt.reason


class TestSandbox:
    def test_keeps_its_books_over_a_restart(self, tmp_path: Path) -> None:
        path = str(tmp_path / "books.jsonl")
        desk = Desk()
        desk.app = sandbox.build(Config(state_path=path))
        sent = desk.send(BOOKS.customer(1), BOOKS.journal(1), BOOKS.invoice(2))
        desk.app = sandbox.build(Config(state_path=path))
        again = desk.send(BOOKS.customer(1), BOOKS.journal(1), BOOKS.invoice(2))
        done = [OK, Outcome.ALREADY_DONE, Outcome.ALREADY_DONE]
        assert [one.outcome for one in again] == done
        assert [one.external_id for one in again] == [one.external_id for one in sent]
