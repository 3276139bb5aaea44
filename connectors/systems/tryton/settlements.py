"""Commands that settle invoices, for the tests of a Tryton, real or not."""

from __future__ import annotations

from typing import Any

from connectors.contract import Command
from connectors.systems.tryton.desk import journal, line


def payment(number: int, amount: int, *settles: tuple[Command, int], **changes: Any) -> Command:
    """Money of the customer, of which some settles invoices."""
    lines = [line("1050", debit=amount)]
    lines += [line("1100", credit=part, customer="cus_1") for _, part in settles]
    rest = amount - sum(part for _, part in settles)
    lines += [line("2400", credit=rest)] if rest else []
    return journal(
        number, kind="payment.post", document_type="payment", lines=lines,
        document=a_document(number, amount, settles), **changes,
    )  # fmt: skip


def credit_memo(number: int, amount: int, *settles: tuple[Command, int]) -> Command:
    """Revenue and its tax that are given back on the customer's account."""
    tax = amount // 11
    lines = [
        line("1100", credit=amount, customer="cus_1"), line("4910", debit=amount - tax),
        line("2100", debit=tax, tax_code="US-TX"),
    ]  # fmt: skip
    return journal(
        number, kind="credit_memo.post", document_type="credit", lines=lines,
        document=a_document(number, amount, settles),
    )  # fmt: skip


def a_document(number: int, amount: int, settles: Any) -> dict[str, Any]:
    return {
        "number": f"D-{number}", "date": "2026-03-31", "due_on": None, "total": amount,
        "customer": {"id": "cus_1", "name": "Customer cus_1"},
        "settles": [{"key": of.key, "number": "", "amount": part} for of, part in settles],
    }  # fmt: skip
