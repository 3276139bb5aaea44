"""What else a void settles: money that had been paid, and credits that had been given before."""

from __future__ import annotations

from datetime import date

from revops.kernel.periods import Span
from revops.ledger import items
from revops.ledger.drafts import JournalDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules.base import Books, Line, Role, draft


def freed(
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    amount: int,
    currency: str,
    invoice_id: str,
    invoice_number: str,
    customer_id: str,
    customer_name: str,
    customer_key: str,
) -> JournalDraft:
    """
    What had been paid on a voided invoice is the customer's balance again: J5b2 mirrored. So the
    receivable of the invoice ends at zero (I4). Raises MappingMissing.
    """
    memo = f"Invoice {invoice_number or invoice_id} voided, paid before"
    about = (invoice_id, customer_id, customer_name)
    return draft(
        books,
        [
            Line(
                books.account(Role.RECEIVABLE), amount, memo, *about,
                item=items.invoice(business_key),
            ),
            Line(
                books.account(Role.CUSTOMER_CREDIT), -amount, memo, *about,
                item=items.customer(customer_key),
            ),
        ],
        document_type="application",
        business_key=key_within(business_key, "voided"),
        accounting_date=accounting_date,
        currency=currency,
        description=memo,
        rule="voids.freed",
    )  # fmt: skip


def short(
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    deferral_account: str,
    amount: int,
    functional: int,
    currency: str,
    invoice_id: str,
    service: Span,
) -> JournalDraft:
    """
    Later documents had taken more out of the chain than is in it without the voided invoice: what
    is missing (positive) lowers revenue, so that deferred revenue is never negative (J6a-m). Raises
    MappingMissing.
    """
    memo = f"Credited beyond what was deferred, {invoice_id}"
    return draft(
        books,
        [
            Line(books.account(Role.REFUNDS_AND_ALLOWANCES), amount, memo, invoice_id),
            Line(
                deferral_account, -amount, memo, invoice_id, service=service, held=-functional
            ),
        ],
        document_type="transfer",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=currency,
        description=memo,
        rule="voids.short",
    )  # fmt: skip
