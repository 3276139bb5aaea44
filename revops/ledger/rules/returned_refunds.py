"""
A refund that the bank sends back (accounting.md J6d).

The money is in the processor's balance again. What the refund had settled stays settled: the price
stays lowered and the customer is still owed the money, so it is a refund that has to be paid
(ASC 606-10-55-22 ff., refund liability).
"""

from __future__ import annotations

from datetime import date

from revops.contracts.payments import RefundReturned
from revops.ledger import items
from revops.ledger.rules import fx
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft


def returned(
    data: RefundReturned,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    processed_key: str,
    customer_key: str = "",
    customer_id: str = "",
    customer_name: str = "",
) -> Journalized:
    """
    J6d: debit clearing, credit refunds payable. ``business_key`` is the refund's, ``processed_key``
    names the processor's transaction. Raises MappingMissing.
    """
    if not data.amount:
        return Journalized(note="A refund of zero moves no money.")
    memo = f"Refund {data.refund_id} returned"
    entry = draft(
        books,
        [
            Line(
                books.account(Role.PROCESSOR_CLEARING), data.amount, memo, data.refund_id,
                item=fx.processed(books, data.currency, processed_key),
            ),
            Line(
                books.account(Role.REFUNDS_PAYABLE), -data.amount, memo, data.refund_id,
                customer_id, customer_name, item=items.customer(customer_key),
            ),
        ],
        document_type="refund_return",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=", ".join(part for part in (memo, customer_name) if part),
        rule="returned_refunds.returned",
    )  # fmt: skip
    return Journalized((entry,))
