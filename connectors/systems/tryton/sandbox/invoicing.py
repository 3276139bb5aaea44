"""The sandbox's customer invoices: drafted, then posted with a number and a move of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.systems.tryton.sandbox import chart, invoice_checks, paying
from connectors.systems.tryton.sandbox.checks import amount, made
from connectors.systems.tryton.sandbox.ledger import Ledger, today
from connectors.systems.tryton.sandbox.records import Record, plain
from connectors.systems.tryton.sandbox.refused import AccessError, Crash, UserError

_ZERO = {"__class__": "Decimal", "decimal": "0"}


def create(ledger: Ledger, values: Sequence[Mapping[str, Any]]) -> list[int]:
    """Drafts; none of them when one is refused."""
    for value in values:
        invoice_checks.draft(ledger, value)
    return [_insert(ledger, value) for value in values]


def _insert(ledger: Ledger, value: Mapping[str, Any]) -> int:
    lines = [
        ledger.insert(
            "account.invoice.line",
            {
                "account": line["account"],
                "amount": line["unit_price"],
                "description": line.get("description"),
            },
        )
        for line in made(value, "lines")
    ]
    taxes = [
        ledger.insert(
            "account.invoice.tax",
            {name: tax[name] for name in ("account", "base", "amount", "description")},
        )
        for tax in made(value, "taxes")
    ]
    amounts = [line["unit_price"] for line in made(value, "lines")]
    amounts += [tax["amount"] for tax in made(value, "taxes")]
    return ledger.insert(
        "account.invoice",
        {
            **{name: value.get(name) for name in invoice_checks.PLAIN},
            "state": "draft",
            "number": None,
            "move": None,
            "invoice_date": None,
            "lines": lines,
            "taxes": taxes,
            "total_amount": _decimal(sum(map(amount, amounts), Decimal("0.00"))),
            "amount_to_pay": _ZERO,
            "lines_to_pay": [],
            "payment_lines": [],
        },
    )


def post(ledger: Ledger, ids: Sequence[int]) -> None:
    """All of them or none, each with a number of the invoices' own and a posted move."""
    table = ledger.table("account.invoice")
    for id_ in ids:
        if id_ not in table:
            raise AccessError(
                f'You are trying to read records "{id_}" of "Account Invoice" that don\'t exist.'
            )
        if table[id_]["state"] != "draft":
            name = invoice_checks.name(table[id_])
            raise UserError(f'You can not call "post" on "{name}" of "Account Invoice".')
    periods = [invoice_checks.period(ledger, table[id_]) for id_ in ids]
    if len({table[id_]["company"] for id_ in ids}) > 1:
        raise Crash(f'"account.move,{ids[0]}" has no attribute "select"')
    moves = []
    for id_, period in zip(ids, periods, strict=True):
        invoice = table[id_]
        moves.append(ledger.insert_move(_move(ledger, invoice, period), of=id_))
        sequence = "out_credit_note" if _is_credit(ledger, invoice) else "out_invoice"
        year = plain(invoice["accounting_date"])[0]
        number = ledger.next_number(sequence, invoice["company"], year)
        invoice |= {
            "number": f"{sequence}-{year}-{number:06d}",
            "state": "posted",
            "move": moves[-1],
            "invoice_date": today(),
            "lines_to_pay": _to_pay(ledger, invoice, moves[-1]),
        }
        paying.weigh(ledger, invoice)
    ledger.post(moves)


def delete(ledger: Ledger, id_: int) -> bool:
    """False when there is none."""
    invoice = ledger.table("account.invoice").get(id_)
    if invoice is None:
        return False
    if invoice["state"] != "draft":
        name = invoice_checks.name(invoice)
        raise AccessError(
            f'You cannot modify invoice "{name}" because it is posted, paid or cancelled.'
        )
    for field, model in (("lines", "account.invoice.line"), ("taxes", "account.invoice.tax")):
        for row in invoice[field]:
            ledger.remove(model, row)
    ledger.remove("account.invoice", id_)
    return True


def edit(ledger: Ledger, id_: int, price: str) -> None:
    """A person changes the price of the first line of a draft."""
    invoice = ledger.table("account.invoice")[id_]
    line = ledger.table("account.invoice.line")[invoice["lines"][0]]
    total = amount(invoice["total_amount"]) - amount(line["amount"]) + Decimal(price)
    line["amount"] = {"__class__": "Decimal", "decimal": price}
    invoice["total_amount"] = _decimal(total)


def _to_pay(ledger: Ledger, invoice: Record, move: int) -> list[int]:
    """The lines that the invoice's own move has on the customer's account."""
    lines = ledger.table("account.move.line")
    made = ledger.table("account.move")[move]["lines"]
    return [line for line in made if lines[line]["account"] == invoice["account"]]


def _is_credit(ledger: Ledger, invoice: Record) -> bool:
    lines = (ledger.table("account.invoice.line")[line] for line in invoice["lines"])
    return amount(invoice["total_amount"]) < 0 and all(amount(row["amount"]) <= 0 for row in lines)


def _move(ledger: Ledger, invoice: Record, period: Record) -> Record:
    """One line for each line and tax and one for the total, negative ones on the other side."""
    rows = [ledger.table("account.invoice.line")[line] for line in invoice["lines"]]
    rows += [ledger.table("account.invoice.tax")[tax] for tax in invoice["taxes"]]
    rows = [row for row in rows if amount(row["amount"])]
    lines = [_line(row["account"], -amount(row["amount"])) for row in rows]
    total = _line(invoice["account"], amount(invoice["total_amount"]))
    total |= {"party": invoice["party"], "description": invoice["description"]}
    return {
        "company": invoice["company"],
        "journal": invoice["journal"],
        "period": period["id"],
        "date": invoice["accounting_date"],
        "lines": [["create", [*lines, total]]],
    }


def _line(account: int, balance: Decimal) -> Record:
    sides = {"debit": _ZERO, "credit": _ZERO}
    sides["debit" if balance >= 0 else "credit"] = _decimal(abs(balance))
    return {"account": account, **sides}


def _decimal(value: Decimal) -> dict[str, str]:
    return {"__class__": "Decimal", "decimal": f"{value:.{chart.DIGITS}f}"}
