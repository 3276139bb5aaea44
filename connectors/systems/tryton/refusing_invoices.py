"""How Tryton says no to invoices: the same tests for the sandbox and the real server."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Outcome
from connectors.systems.tryton.desk import Desk, Erp, invoice, line, simple, values
from connectors.systems.tryton.wire import Tryton

OK, REFUSED = Outcome.OK, Outcome.REFUSED


class InvoiceRefusals:
    """Subclasses give a fixture ``erp`` with empty books."""

    @pytest.mark.parametrize("batches", [True, False])
    def test_refuses_an_invoice_of_a_closed_period(self, erp: Erp, batches: bool) -> None:
        desk = Desk(erp, batches=batches)
        before = invoice(8, accounting_date="2026-05-01")
        assert desk.send_one(before).outcome is OK
        erp.close_period("2026-05")
        late = invoice(1, accounting_date="2026-05-31")
        receipts = desk.send(late, invoice(2))
        assert [receipt.outcome for receipt in receipts] == [REFUSED, OK]
        assert (receipts[0].code, receipts[0].reason) == (
            "period_closed",
            "Period 2026-05 is closed in Tryton.",
        )
        assert erp.drafted_invoices() == []
        erp.reopen_period("2026-05")
        assert desk.send_one(late).outcome is OK

    @pytest.mark.parametrize("batches", [True, False])
    def test_says_so_when_the_period_is_closed_for_the_journal_alone(
        self, erp: Erp, batches: bool
    ) -> None:
        """By the door for one, Tryton answers that with 403 and not a word."""
        desk = Desk(erp, batches=batches)
        desk.send_one(invoice(8, accounting_date="2026-05-01"))
        erp.close_period("2026-05")
        erp.reopen_period("2026-05", journals=False)
        late = [invoice(number, accounting_date="2026-05-31") for number in (1, 2)]
        receipts = desk.send(*late, invoice(3))
        assert [receipt.outcome for receipt in receipts] == [REFUSED, REFUSED, OK]
        assert {(receipt.code, receipt.reason) for receipt in receipts[:2]} == {
            ("period_closed", "Period 2026-05 is closed in Tryton for the journal Revenue.")
        }
        assert erp.drafted_invoices() == []

    @pytest.mark.parametrize(
        ("lines", "code", "words"),
        [
            (
                [line("1100", debit=5, customer="cus_1"), line("2400", credit=5)],
                "account_unfit",
                "Account 2400 cannot stand on a customer invoice in Tryton: its type is neither "
                "Revenue nor Deposit.",
            ),
            (
                [line("1100", debit=5), line("4000", credit=5)],
                "party_missing",
                "A line on 1100 Accounts receivable names no customer.",
            ),
            (
                [line("1050", debit=5), line("4000", credit=5)],
                "receivable_missing",
                "An invoice has one line on a receivable account of Tryton; this one has none.",
            ),
            (
                [
                    line("1100", debit=5, customer="cus_1"),
                    line("1100", debit=5, customer="cus_2"),
                    line("4000", credit=10),
                ],
                "receivable_missing",
                "An invoice has one line on a receivable account of Tryton; this one has 2 lines.",
            ),
        ],
    )
    def test_refuses_in_words_and_keeps_nothing(
        self, erp: Erp, lines: Any, code: str, words: str
    ) -> None:
        desk = Desk(erp)
        receipt = desk.send_one(invoice(1, lines=lines))
        assert (receipt.outcome, receipt.code, receipt.reason) == (REFUSED, code, words)
        assert desk.send(invoice(2), invoice(3, lines=lines))[1].reason == words
        assert erp.drafted_invoices() == []
        assert [move["key"] for move in erp.moves()] == [invoice(2).key]

    @pytest.mark.parametrize("code", ["NOPE", "MISC"])
    def test_refuses_without_a_revenue_journal(self, erp: Erp, code: str) -> None:
        desk = Desk(erp, revenue_journal=code)
        receipt = desk.send_one(invoice(1))
        assert (receipt.outcome, receipt.code) == (REFUSED, "journal_missing")
        assert desk.send_one(simple(2)).outcome is OK

    def test_a_posted_invoice_cannot_be_posted_again_or_deleted(self, erp: Erp) -> None:
        desk = Desk(erp)
        number = desk.send_one(invoice(1)).external_id.removeprefix("invoice:")
        again = desk.problem(lambda tryton: tryton.action(f"account.invoice/{number}/post", {}))
        assert (again.outcome, again.code) == (REFUSED, "already_posted")
        by_rpc = desk.problem(lambda t: t.rpc("model.account.invoice.post", [int(number)]))
        assert (by_rpc.outcome, by_rpc.code) == (REFUSED, "already_posted")
        deleted = desk.problem(lambda tryton: tryton.delete("account.invoice", number))
        assert (deleted.outcome, deleted.code) == (REFUSED, "posted")

    def test_tryton_gives_the_number(self, erp: Erp) -> None:
        desk = Desk(erp)
        drafted = desk.draft(invoice(1)).removeprefix("invoice:")
        rows = desk.raw(
            lambda t: t.search("account.invoice", [["id", "=", int(drafted)]], ["number"])
        )
        assert rows[0]["number"] is None

        async def numbered(tryton: Tryton) -> Any:
            _, (value,) = await values(tryton, invoice(2))
            return await tryton.action("account.invoice", value | {"number": "INV-2"})

        problem = desk.problem(numbered)
        assert (problem.outcome, problem.status) == (REFUSED, 400)
        assert "Number" in problem.reason

    def test_posting_or_deleting_what_is_not_there(self, erp: Erp) -> None:
        desk = Desk(erp)
        post = desk.problem(lambda t: t.action("account.invoice/424242/post", {}))
        delete = desk.problem(lambda tryton: tryton.delete("account.invoice", "424242"))
        by_rpc = desk.problem(lambda t: t.rpc("model.account.invoice.post", [424242]))
        assert (post.status, delete.status) == (404, 404)
        assert (by_rpc.outcome, by_rpc.code) == (REFUSED, "gone")
