"""
Money that a processor takes in, keeps, refuses or gives back.

The receivable is always relieved at gross: what the processor keeps is an expense and never a
smaller payment (accounting.md J7, note 7). Amounts stand in the payment's own currency, which the
invoice shares.
"""

from __future__ import annotations

from datetime import date

from revops.contracts.payments import PaymentApplied, PaymentFailed
from revops.ledger import items
from revops.ledger.chains import Amount
from revops.ledger.drafts import JournalDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules import fx
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft


def applied(
    data: PaymentApplied,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    open_amount: int,
    invoice_number: str = "",
    invoice_key: str = "",
    customer_id: str = "",
    customer_name: str = "",
    customer_key: str = "",
    carried: Amount | None = None,
) -> Journalized:
    """
    J7a, J7d and J7b: debit clearing with the gross amount, credit the receivable up to
    ``open_amount`` (what the invoice still owed, 0 when there is none) and the customer's credit
    balance with the rest. A known fee is a document of its own, type ``fee``, with the same key.

    ``carried`` is the open receivable as the books hold it, where they hold it at another rate than
    the payment's day has (J10d).

    Raises MappingMissing.
    """
    customer = customer_id or data.customer_id
    drafts = []
    if data.amount:
        settled = max(0, min(data.amount, open_amount))
        memo = f"Payment {data.payment_id}"
        lines = [
            Line(
                books.account(Role.PROCESSOR_CLEARING),
                data.amount,
                memo,
                data.payment_id,
                item=fx.processed(books, data.currency, business_key),
            ),
        ]
        if settled:
            account, about = books.account(Role.RECEIVABLE), data.invoice_id or data.payment_id
            shown = f"Invoice {invoice_number}" if invoice_number else memo
            lines.append(
                Line(
                    account, -settled, shown, about, customer, customer_name,
                    held=_held(carried, settled), item=items.invoice(invoice_key),
                )
            )  # fmt: skip
        if data.amount > settled:
            account, rest = books.account(Role.CUSTOMER_CREDIT), data.amount - settled
            shown, item = f"Paid in excess, {data.payment_id}", items.customer(customer_key)
            lines.append(
                Line(account, -rest, shown, data.payment_id, customer, customer_name, item=item)
            )
        drafts.append(
            draft(
                books,
                lines,
                document_type="payment",
                business_key=business_key,
                accounting_date=accounting_date,
                currency=data.currency,
                description=_described("Payment", data.payment_id, invoice_number, customer_name),
                rule="payments.applied",
            )
        )
    if data.fee:
        drafts.append(
            fee(
                books,
                business_key=business_key,
                accounting_date=accounting_date,
                amount=data.fee,
                currency=data.fee_currency or data.currency,
                source_id=data.payment_id,
            )
        )
    return Journalized(tuple(drafts), note="" if drafts else "A payment of zero moves no money.")


def allocated(
    data: PaymentApplied,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    amount: int,
    invoice_number: str = "",
    invoice_key: str = "",
    customer_id: str = "",
    customer_name: str = "",
    customer_key: str = "",
    carried: Amount | None = None,
) -> Journalized:
    """
    J5b2: a payment that was taken as credit, because nobody had said which invoice it pays, now
    settles ``amount`` (positive, at most the payment's) of ``data.invoice_id``. ``business_key``
    is the payment's; the entry's key adds the invoice.

    Raises MappingMissing.
    """
    if amount <= 0:
        return Journalized(note="The invoice owes nothing more; the credit balance stays.")
    customer = customer_id or data.customer_id
    memo = f"Credit of payment {data.payment_id}"
    shown = f"Invoice {invoice_number or data.invoice_id}"
    credit, receivable = books.account(Role.CUSTOMER_CREDIT), books.account(Role.RECEIVABLE)
    entry = draft(
        books,
        [
            Line(
                credit, amount, memo, data.payment_id, customer, customer_name,
                item=items.customer(customer_key),
            ),
            Line(
                receivable, -amount, shown, data.invoice_id, customer, customer_name,
                held=_held(carried, amount), item=items.invoice(invoice_key),
            ),
        ],
        document_type="application",
        business_key=key_within(business_key, data.invoice_id),
        accounting_date=accounting_date,
        currency=data.currency,
        description=f"Payment {data.payment_id} applied to {shown.lower()}",
        rule="payments.allocated",
    )  # fmt: skip
    return Journalized((entry,))


def failed(data: PaymentFailed) -> Journalized:
    """J8a: an attempt that was declined is no journal."""
    return Journalized(note=f"A declined payment moves no money: {data.payment_id} (J8a).")


def fee(
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    amount: int,
    currency: str,
    source_id: str,
) -> JournalDraft:
    """
    J7b: debit the expense, credit clearing; a negative ``amount`` is a fee given back. The
    processor is no customer, so a fee is never netted against revenue (accounting.md, note 7).
    """
    memo = f"Processing fee of {source_id}"
    return draft(
        books,
        [
            Line(books.account(Role.PROCESSING_FEES), amount, memo, source_id),
            Line(
                books.account(Role.PROCESSOR_CLEARING),
                -amount,
                memo,
                source_id,
                item=fx.processed(books, currency, business_key),
            ),
        ],
        document_type="fee",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=currency,
        description=memo,
        rule="payments.fee",
    )


def _held(carried: Amount | None, amount: int) -> int | None:
    """What the books hold a settled part at, as a credit; the last part takes all of it."""
    if carried is None or carried.amount < amount:
        return None
    return -carried.part(amount).functional


def _described(what: str, source_id: str, invoice_number: str, customer_name: str) -> str:
    parts = (f"{what} {source_id}", f"invoice {invoice_number}" * bool(invoice_number))
    return ", ".join(part for part in (*parts, customer_name) if part)
