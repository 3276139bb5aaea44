"""The sandbox's open items: lines that pay an invoice, and lines that settle each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.systems.tryton.sandbox import chart
from connectors.systems.tryton.sandbox.checks import amount
from connectors.systems.tryton.sandbox.ledger import Ledger, origin
from connectors.systems.tryton.sandbox.records import Record, plain
from connectors.systems.tryton.sandbox.refused import AccessError, Page, UserError, domain


def tie(ledger: Ledger, id_: int, body: Mapping[str, Any]) -> None:
    """A line pays an invoice, at most one. Raises UserError, AccessError or Page."""
    if set(body) != {"invoice_payment"}:
        raise AccessError("You cannot modify a line of a posted move.")
    line = ledger.table("account.move.line")[id_]
    if body["invoice_payment"] is None:
        _untie(ledger, line)
        return
    invoice = ledger.table("account.invoice").get(body["invoice_payment"])
    if invoice is None:
        raise Page(400, "The invoice does not exist.")
    number = str(invoice["number"])
    _not_paid(invoice)
    above = amount(invoice["total_amount"]) >= 0
    other = line["invoice_payment"] not in (None, invoice["id"])
    wrong_side = amount(line["debit" if above else "credit"]) != 0
    if other or wrong_side or line["account"] != invoice["account"]:
        raise domain(str(id_), "Payment Lines", number, "Account Invoice")
    if line["party"] not in (None, invoice["party"]):
        raise domain(str(id_), "Payment Lines", number, "Account Invoice")
    paid = sum((_net(ledger, one) for one in {*invoice["payment_lines"], id_}), Decimal(0))
    if abs(paid) > abs(sum((_net(ledger, one) for one in invoice["lines_to_pay"]), Decimal(0))):
        raise UserError(
            f'The payment lines on invoice "{number}" can not be greater than the invoice amount.'
        )
    if line["invoice_payment"] is None:
        line["invoice_payment"] = invoice["id"]
        invoice["payment_lines"].append(id_)
    weigh(ledger, invoice)


def reconcile(ledger: Ledger, ids: Sequence[int]) -> None:
    """
    Lines of one account and party that come to nothing; the invoices among them are paid then, as
    the worker sees to at once here. Raises UserError or AccessError.
    """
    table = ledger.table("account.move.line")
    lines = [table[id_] for id_ in ids]
    if any(line["reconciliation"] for line in lines):
        raise AccessError("You cannot reconcile a line that is reconciled already.")
    if len({line["account"] for line in lines}) > 1 or len({line["party"] for line in lines}) > 1:
        raise UserError("Lines of different accounts or parties cannot be reconciled.")
    if sum((_net(ledger, id_) for id_ in ids), Decimal(0)):
        raise UserError("The debit and credit of the lines differ.")
    moves = ledger.table("account.move")
    company = moves[lines[0]["move"]]["company"]
    made = ledger.insert(
        "account.move.reconciliation",
        {
            "company": company,
            "number": str(ledger.next_number("reconciliation", company)),
            "lines": list(ids),
        },
    )
    for line in lines:
        line["reconciliation"] = made
    _look(ledger, lines)


def unreconcile(ledger: Ledger, ids: Sequence[int]) -> None:
    """What the lines are part of settles nothing any more; its invoices are open again."""
    table = ledger.table("account.move.line")
    parted = {table[id_]["reconciliation"] for id_ in ids} - {None}
    lines = [line for line in table.values() if line["reconciliation"] in parted]
    for line in lines:
        line["reconciliation"] = None
    _look(ledger, lines)


def _look(ledger: Ledger, lines: Iterable[Record]) -> None:
    """The invoices that lines belong to, or pay, look whether they are paid."""
    moves, invoices = ledger.table("account.move"), ledger.table("account.invoice")
    for line in lines:
        for of in (origin(moves[line["move"]]), line["invoice_payment"]):
            if of is not None:
                _process(ledger, invoices[of])


def _untie(ledger: Ledger, line: Record) -> None:
    if line["invoice_payment"] is None:
        return
    invoice = ledger.table("account.invoice")[line["invoice_payment"]]
    _not_paid(invoice)
    line["invoice_payment"] = None
    invoice["payment_lines"].remove(line["id"])
    weigh(ledger, invoice)


def _not_paid(invoice: Record) -> None:
    if invoice["state"] == "paid":
        number = invoice["number"]
        raise AccessError(f'You cannot add or remove lines of payment to paid invoice "{number}".')


def _process(ledger: Ledger, invoice: Record) -> None:
    """What is reconciled is paid, and what is not any more is open again."""
    lines = ledger.table("account.move.line")
    settled = all(lines[line]["reconciliation"] is not None for line in invoice["lines_to_pay"])
    invoice["state"] = "paid" if settled else "posted"
    weigh(ledger, invoice)


def weigh(ledger: Ledger, invoice: Record) -> None:
    """What is still to be paid of an invoice: its own lines and those that pay it."""
    lines = ledger.table("account.move.line")
    own = (*invoice["lines_to_pay"], *invoice["payment_lines"])
    rest = sum(
        (_net(ledger, line) for line in own if lines[line]["reconciliation"] is None), Decimal(0)
    )
    due = rest if invoice["state"] == "posted" else Decimal(0)
    invoice["amount_to_pay"] = {"__class__": "Decimal", "decimal": f"{due:.{chart.DIGITS}f}"}


def _net(ledger: Ledger, id_: int) -> Decimal:
    line = ledger.table("account.move.line")[id_]
    return Decimal(str(plain(line["debit"]))) - Decimal(str(plain(line["credit"])))
