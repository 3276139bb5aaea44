"""
Money that goes back to a customer (accounting.md J6b, J6c).

What a credit memo made payable is paid with its own entry (J6b), what a customer had to their
credit likewise. Money that goes back without either lowers the price, with the tax that was charged
on it (ASC 606-10-32-25; J6c). Refunds payable and customer balances never become debts.
"""

from __future__ import annotations

from datetime import date

from revops.contracts.payments import PaymentRefunded
from revops.ledger import items
from revops.ledger.chains import NOTHING, Amount
from revops.ledger.rules import fx
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft
from revops.ledger.rules.shares import Charged


def refunded(
    data: PaymentRefunded,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    owed: Amount = NOTHING,
    credit: Amount = NOTHING,
    charged: Charged | None = None,
    customer_key: str = "",
    customer_id: str = "",
    customer_name: str = "",
) -> Journalized:
    """
    Credit clearing; debit what was ``owed`` to the customer (2410), then their ``credit`` (2400),
    then price and tax of what is given back: as the event says, or in the proportion that the
    invoice ``charged``. A fee is not returned unless the processor's balance transaction shows it.

    Raises MappingMissing.
    """
    if not data.amount:
        return Journalized(note="A refund of zero moves no money.")
    memo = f"Refund {data.refund_id}"
    about = (customer_id, customer_name)
    item = items.customer(customer_key)
    lines = [
        Line(
            books.account(Role.PROCESSOR_CLEARING), -data.amount, memo, data.refund_id,
            item=fx.processed(books, data.currency, business_key),
        )
    ]  # fmt: skip
    rest = data.amount
    if not data.gives_back:
        for role, held in ((Role.REFUNDS_PAYABLE, owed), (Role.CUSTOMER_CREDIT, credit)):
            part = held.part(max(0, min(rest, held.amount)))
            if part.amount:
                account, rest = books.account(role), rest - part.amount
                lines.append(
                    Line(
                        account, part.amount, memo, data.refund_id, *about,
                        held=part.functional, item=item,
                    )
                )  # fmt: skip
    lines += _price_and_tax(data, books, memo, rest, charged)
    entry = draft(
        books,
        lines,
        document_type="refund",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=", ".join(part for part in (memo, customer_name) if part),
        rule="refunds.refunded",
    )
    return Journalized((entry,))


def _price_and_tax(
    data: PaymentRefunded, books: Books, memo: str, rest: int, charged: Charged | None
) -> list[Line]:
    """What comes off the price, and the tax on it."""
    parts: list[tuple[str, Charged]]
    if data.gives_back:
        parts = [
            (
                line.invoice_line_id or line.line_id,
                Charged(line.amount, tuple((tax.code, tax.amount) for tax in line.taxes)),
            )
            for line in data.gives_back
        ]
    else:
        parts = [(data.refund_id, (charged or Charged(rest)).split(rest))] if rest else []
    lines = []
    for source, part in parts:
        if part.net:
            account = books.account(Role.REFUNDS_AND_ALLOWANCES)
            lines.append(Line(account, part.net, memo, source))
        lines += [
            Line(books.tax_account(code), amount, f"Tax {code}", source, tax_code=code)
            for code, amount in part.taxes
            if amount
        ]
    return lines
