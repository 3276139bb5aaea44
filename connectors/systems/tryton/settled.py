"""
What becomes of invoices that are paid or credited: the same tests for the sandbox and the real
server.
"""

from __future__ import annotations

from connectors.contract import Outcome
from connectors.systems.tryton.desk import Desk, Erp, invoice, journal, line
from connectors.systems.tryton.invoicing import listed
from connectors.systems.tryton.settlements import a_document, credit_memo, payment

OK = Outcome.OK
TOTAL = 1_299_000


def standing(desk: Desk, kind: str = "invoice") -> list[tuple[str, int | None]]:
    """State and open amount of what is listed, in the order in which it was made."""
    desk.erp.work()
    return [(row.state, row.due) for row in listed(desk, kind)]


class SettlingBehaviour:
    """Subclasses give a fixture ``erp`` with empty books."""

    def test_an_invoice_that_is_paid_in_full_is_paid(self, erp: Erp) -> None:
        desk = Desk(erp)
        sent = desk.send(invoice(1), payment(2, TOTAL, (invoice(1), TOTAL)))
        assert [receipt.outcome for receipt in sent] == [OK, OK]
        assert standing(desk) == [("paid", 0)]
        (row,) = listed(desk, "payment")
        assert (row.amount, row.due, row.key) == (TOTAL, 0, payment(2, 1).key)
        assert row.group_key == invoice(1).key

    def test_what_is_paid_in_parts_is_open_for_the_rest(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send_one(invoice(1))
        part = payment(2, 500_000, (invoice(1), 500_000))
        assert desk.send_one(part).outcome is OK
        assert standing(desk) == [("posted", 799_000)]
        again = desk.send_one(part)
        assert (again.outcome, standing(desk)) == (Outcome.ALREADY_DONE, [("posted", 799_000)])
        assert desk.send_one(payment(3, 799_000, (invoice(1), 799_000))).outcome is OK
        assert standing(desk) == [("paid", 0)]
        assert desk.send_one(part).outcome is Outcome.ALREADY_DONE

    def test_a_credit_memo_lowers_its_invoice_and_a_payment_the_rest(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send_one(invoice(1))
        memo = credit_memo(2, 110_000, (invoice(1), 110_000))
        receipt = desk.send_one(memo)
        assert (receipt.outcome, receipt.external_number[:15]) == (OK, "out_credit_note")
        (move,) = erp.moves(memo.key)
        sides = sorted((one["account"], one["debit"], one["credit"]) for one in move["lines"])
        assert sides == [
            ("1100", "0.00", "1100.00"), ("2100", "100.00", "0.00"), ("4910", "1000.00", "0.00"),
        ]  # fmt: skip
        assert standing(desk) == [("posted", TOTAL - 110_000)]
        (row,) = listed(desk, "credit_memo")
        assert (row.amount, row.tax, row.due, row.key) == (110_000, 10_000, 0, memo.key)
        rest = TOTAL - 110_000
        assert desk.send_one(payment(3, rest, (invoice(1), rest))).outcome is OK
        assert standing(desk) == [("paid", 0)]
        assert standing(desk, "credit_memo") == [("paid", 0)]

    def test_what_is_more_than_is_open_stays_on_account(self, erp: Erp) -> None:
        """Both say that they pay it; Tryton lets no invoice be paid twice."""
        desk = Desk(erp)
        desk.send_one(invoice(1))
        for number in (2, 3):
            assert desk.send_one(payment(number, TOTAL, (invoice(1), TOTAL))).outcome is OK
        assert standing(desk) == [("paid", 0)]
        assert standing(desk, "payment") == [("settled", 0), ("open", TOTAL)]

    def test_one_that_settles_nothing_stays_on_account(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send_one(invoice(1))
        unknown = payment(2, 1_000, (invoice(99), 1_000))
        memo = credit_memo(3, 1_100)
        assert [receipt.outcome for receipt in desk.send(unknown, memo)] == [OK, OK]
        assert standing(desk) == [("posted", TOTAL)]
        assert standing(desk, "payment") == [("open", 1_000)]
        assert standing(desk, "credit_memo") == [("posted", 1_100)]

    def test_a_journal_settles_the_invoice_that_it_names(self, erp: Erp) -> None:
        """The customer's balance pays the one and part of the other, by one entry."""
        desk = Desk(erp)
        desk.send(invoice(1), invoice(2))
        parts = ((invoice(1), TOTAL), (invoice(2), 1_000))
        lines = [line("2400", debit=TOTAL + 1_000)]
        lines += [line("1100", credit=part, customer="cus_1") for _, part in parts]
        settles = a_document(3, 0, parts)["settles"]
        assert desk.send_one(journal(3, lines=lines, settles=settles)).outcome is OK
        assert standing(desk) == [("paid", 0), ("posted", TOTAL - 1_000)]

    def test_an_invoice_whose_payment_came_back_is_open_until_it_is_paid_again(
        self, erp: Erp
    ) -> None:
        desk = Desk(erp)
        paid = payment(2, TOTAL, (invoice(1), TOTAL))
        desk.send(invoice(1), paid)
        assert standing(desk) == [("paid", 0)]
        back = journal(
            3, document_type="return", reopens=[{"settled_by": paid.key, "amount": TOTAL}],
            lines=[line("1100", debit=TOTAL, customer="cus_1"), line("1050", credit=TOTAL)],
        )  # fmt: skip
        assert desk.send_one(back).outcome is OK
        assert standing(desk) == [("posted", TOTAL)]
        assert desk.send_one(back).outcome is Outcome.ALREADY_DONE
        assert desk.send_one(payment(4, TOTAL, (invoice(1), TOTAL))).outcome is OK
        assert standing(desk) == [("paid", 0)]

    def test_a_part_that_came_back_is_open_again(self, erp: Erp) -> None:
        desk = Desk(erp)
        memo = credit_memo(2, 110_000, (invoice(1), 110_000))
        desk.send(invoice(1), memo)
        assert standing(desk) == [("posted", TOTAL - 110_000)]
        back = journal(
            3, document_type="void", reopens=[{"settled_by": memo.key, "amount": 110_000}],
            lines=[
                line("1100", debit=110_000, customer="cus_1"), line("4910", credit=100_000),
                line("2100", credit=10_000),
            ],
        )  # fmt: skip
        assert desk.send_one(back).outcome is OK
        assert standing(desk) == [("posted", TOTAL)]
        assert standing(desk, "credit_memo") == [("paid", 0)]

    def test_one_key_whichever_form_it_takes(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send_one(invoice(1))
        paid = payment(2, TOTAL, (invoice(1), TOTAL))
        as_journal = journal(2, document_type="payment", lines=paid.payload["lines"])
        first = desk.send_one(as_journal)
        again = desk.send_one(paid)
        assert (again.outcome, again.external_id) == (Outcome.ALREADY_DONE, first.external_id)
        assert standing(desk) == [("paid", 0)]
        assert len(erp.moves(paid.key)) == 1

    def test_lists_customers_accounts_and_periods(self, erp: Erp) -> None:
        desk = Desk(erp)
        desk.send_one(invoice(1))
        assert "Customer cus_1" in {row.party for row in listed(desk, "customer")}
        accounts = {(row.entity, row.key, row.state) for row in listed(desk, "account")}
        assert {("US-INC", "1100", "open"), ("UK-LTD", "4000", "open")} <= accounts
        periods = {(row.entity, row.key, row.dated, row.state) for row in listed(desk, "period")}
        assert ("US-INC", "2026-03", "2026-03-01", "open") in periods
        assert {key for _, key, _, _ in periods} == {"2026-03"}
