"""
Money that goes back to a customer (accounting.md J6b, J6c).

What a credit memo made payable is paid with its own entry (J6b), what a customer had to their
credit likewise. Money that goes back without either lowers the price, with the tax that was charged
on it (ASC 606-10-32-25; J6c). Refunds payable and customer balances never become debts.

A memo that comes after its refund finds the price lowered already: what the memo makes payable has
been paid, and price and tax get back what the refund took (``paid_before``). So the books are the
same whichever of them is told first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from revops.contracts.payments import PaymentRefunded
from revops.ledger import items
from revops.ledger.chains import NOTHING, Amount
from revops.ledger.drafts import JournalDraft
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
    before: int = 0,
    refunded_key: str = "",
    customer_key: str = "",
    customer_id: str = "",
    customer_name: str = "",
) -> Journalized:
    """
    Credit clearing; debit what was ``owed`` to the customer (2410), then their ``credit`` (2400),
    then price and tax of what is given back: as the event says, or in the proportion that the
    invoice ``charged``; ``before`` is what earlier refunds of it took in this way, and
    ``refunded_key`` what that is listed under. A fee is not returned unless the processor's balance
    transaction shows it.

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
    if data.gives_back:
        lines += _given_back(data, books, memo)
    elif rest:
        lowered = (charged or Charged(rest)).between(before, before + rest)
        lines += _price_and_tax(books, lowered, memo, data.refund_id, items.refunded(refunded_key))
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


@dataclass(frozen=True, slots=True)
class Taken:
    """
    What refunds took off price and tax because nothing was owed: ``amount`` in all, and what the
    books hold of it by account. ``key`` is what it is listed under, ``latest`` its latest day.
    """

    key: str
    amount: int
    held: Mapping[str, Amount]
    latest: date
    charged: Charged


def paid_before(
    taken: Taken,
    amount: int,
    books: Books,
    *,
    payable: Line,
    credit_id: str,
    business_key: str,
    accounting_date: date,
    currency: str,
) -> JournalDraft:
    """
    A memo made ``amount`` payable that had been paid before it. ``payable`` is the liability's
    debit; price and tax get back what the refunds took. Raises MappingMissing.
    """
    memo = f"Refunded before credit {credit_id}"
    back = taken.charged.between(taken.amount - amount, taken.amount)
    lines = []
    for line in _price_and_tax(books, back, memo, credit_id, items.refunded(taken.key)):
        held = taken.held.get(line.account, NOTHING)
        own = held.part(line.amount).functional if held.amount else None
        lines.append(replace(line, amount=-line.amount, held=None if own is None else -own))
    return draft(
        books,
        [payable, *lines],
        document_type="refund",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=currency,
        description=memo,
        rule="refunds.paid_before",
    )


def _given_back(data: PaymentRefunded, books: Books, memo: str) -> list[Line]:
    """Price and tax as the event says them."""
    lines = []
    for line in data.gives_back:
        part = Charged(line.amount, tuple((tax.code, tax.amount) for tax in line.taxes))
        source = line.invoice_line_id or line.line_id
        lines += _price_and_tax(books, part, memo, source)
    return lines


def _price_and_tax(
    books: Books, part: Charged, memo: str, source: str, item: str = ""
) -> list[Line]:
    """What comes off the price, and the tax on it."""
    lines = []
    if part.net:
        account = books.account(Role.REFUNDS_AND_ALLOWANCES)
        lines.append(Line(account, part.net, memo, source, item=item))
    lines += [
        Line(books.tax_account(code), amount, f"Tax {code}", source, tax_code=code, item=item)
        for code, amount in part.taxes
        if amount
    ]
    return lines
