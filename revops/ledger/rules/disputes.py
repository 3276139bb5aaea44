"""
Payments that are contested or come back (accounting.md J8b-J8e).

A contested payment is a claim on the processor until it is decided. What is lost for service that
was given is a concession (FASB Q&A 28: the customer does not accept the price, note 5); what was
not earned yet is only taken back. Fees are an expense and never lower revenue (note 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from revops.contracts.disputes import DisputeClosed, DisputeOpened, PaymentReturned
from revops.ledger import items
from revops.ledger.chains import NOTHING, Amount
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft
from revops.ledger.rules.shares import Charged, Unearned, taken_of


def returned(
    data: PaymentReturned,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    credit: Amount = NOTHING,
    invoice_id: str = "",
    invoice_number: str = "",
    invoice_key: str = "",
    customer_key: str = "",
    customer_id: str = "",
    customer_name: str = "",
) -> Journalized:
    """
    J8b: credit clearing with the payment and the bank's fee; debit the receivable, which is open
    again, and the fee's expense. ``credit`` is the part that the customer still has as a balance
    because no invoice had been paid with it.

    Raises MappingMissing.
    """
    if not data.amount + data.fee:
        return Journalized(note="Nothing came back.")
    memo = f"Payment {data.payment_id} returned"
    about = (customer_id, customer_name)
    clearing = books.account(Role.PROCESSOR_CLEARING)
    lines = [Line(clearing, -data.amount - data.fee, memo, data.payment_id)]
    back = credit.part(max(0, min(data.amount, credit.amount)))
    if data.amount > back.amount:
        shown = f"Invoice {invoice_number}" if invoice_number else memo
        account, source = books.account(Role.RECEIVABLE), invoice_id or data.payment_id
        item = items.invoice(invoice_key)
        lines.append(Line(account, data.amount - back.amount, shown, source, *about, item=item))
    if back.amount:
        account, item = books.account(Role.CUSTOMER_CREDIT), items.customer(customer_key)
        lines.append(
            Line(
                account, back.amount, memo, data.payment_id, *about, held=back.functional, item=item
            )
        )
    if data.fee:
        account = books.account(Role.PROCESSING_FEES)
        lines.append(Line(account, data.fee, f"Fee, {memo.lower()}", data.payment_id))
    entry = draft(
        books,
        lines,
        document_type="return",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=", ".join(part for part in (memo, customer_name) if part),
        rule="disputes.returned",
    )
    return Journalized((entry,))


def opened(
    data: DisputeOpened, books: Books, *, business_key: str, accounting_date: date
) -> Journalized:
    """
    J8c: debit the claim on the processor and the fee, credit clearing with both.

    Raises MappingMissing.
    """
    if not data.amount + data.fee:
        return Journalized(note="A dispute about nothing moves no money.")
    memo = f"Dispute {data.dispute_id}"
    lines = [
        Line(books.account(Role.PROCESSOR_CLEARING), -data.amount - data.fee, memo, data.dispute_id)
    ]
    if data.amount:
        lines.append(Line(books.account(Role.DISPUTES), data.amount, memo, data.dispute_id))
    if data.fee:
        account = books.account(Role.DISPUTE_FEES)
        lines.append(Line(account, data.fee, f"Fee of {memo.lower()}", data.dispute_id))
    entry = draft(
        books,
        lines,
        document_type="dispute",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=memo,
        rule="disputes.opened",
    )
    return Journalized((entry,))


def won(
    data: DisputeClosed, books: Books, *, business_key: str, accounting_date: date
) -> Journalized:
    """J8d: the claim is paid; the fee only when the processor gives it back. MappingMissing."""
    memo = f"Dispute {data.dispute_id} won"
    lines = []
    if data.amount + data.fee_returned:
        account = books.account(Role.PROCESSOR_CLEARING)
        lines.append(Line(account, data.amount + data.fee_returned, memo, data.dispute_id))
    if data.amount:
        lines.append(Line(books.account(Role.DISPUTES), -data.amount, memo, data.dispute_id))
    if data.fee_returned:
        account = books.account(Role.DISPUTE_FEES)
        lines.append(Line(account, -data.fee_returned, f"Fee of {memo.lower()}", data.dispute_id))
    return _closed(data, books, lines, memo, business_key, accounting_date)


def lost(
    data: DisputeClosed,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    charged: Charged,
    unearned: Sequence[Unearned] = (),
    credit: Amount = NOTHING,
    customer_key: str = "",
    customer_id: str = "",
) -> tuple[Journalized, list[Amount]]:
    """
    J8e: the claim is gone. Where the payment was the customer's ``credit`` that goes first; the
    rest is price and tax as the invoice ``charged`` them. Of the price, what is ``unearned`` (given
    when service has ended) is taken back, the earned part is a concession. Also how much was taken
    of each deferral.

    Raises MappingMissing.
    """
    memo = f"Dispute {data.dispute_id} lost"
    lines = []
    if data.amount:
        lines.append(Line(books.account(Role.DISPUTES), -data.amount, memo, data.dispute_id))
    balance = credit.part(max(0, min(data.amount, credit.amount)))
    if balance.amount:
        account, item = books.account(Role.CUSTOMER_CREDIT), items.customer(customer_key)
        lines.append(
            Line(
                account, balance.amount, memo, data.dispute_id, customer_id,
                held=balance.functional, item=item,
            )
        )  # fmt: skip
    parts = charged.split(data.amount - balance.amount)
    taken = taken_of(unearned, parts.net)
    for one, part in zip(unearned, taken, strict=True):
        if part.amount:
            account = one.deferral_account
            lines.append(Line(account, part.amount, memo, data.dispute_id, held=part.functional))
    earned = parts.net - sum([part.amount for part in taken])
    if earned:
        account = books.account(Role.REFUNDS_AND_ALLOWANCES)
        lines.append(Line(account, earned, memo, data.dispute_id))
    lines += [
        Line(books.tax_account(code), amount, f"Tax {code}", data.dispute_id, tax_code=code)
        for code, amount in parts.taxes
        if amount
    ]
    return _closed(data, books, lines, memo, business_key, accounting_date), taken


def _closed(
    data: DisputeClosed, books: Books, lines: Sequence[Line], memo: str, key: str, on: date
) -> Journalized:
    if not lines:
        return Journalized(note="A dispute about nothing moves no money.")
    entry = draft(
        books,
        lines,
        document_type="dispute_result",
        business_key=key,
        accounting_date=on,
        currency=data.currency,
        description=memo,
        rule=f"disputes.{data.outcome}",
    )
    return Journalized((entry,))
