"""The processor pays its balance to the bank. After it, what it held for us nets to zero (I5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from revops.contracts.payments import PayoutItem, PayoutSettled
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft
from revops.ledger.rules.payments import fee


def settled(
    data: PayoutSettled,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    key_of: Callable[[str], str],
    fees: Iterable[PayoutItem] = (),
) -> Journalized:
    """
    J7c: debit cash, credit clearing with what reached the bank; a negative payout, with which the
    processor takes money back, mirrored. ``fees`` are the payout's items whose fee the books may
    lack: each becomes a ``fee`` document of its own, keyed by ``fees_by_key``, so that one which a
    payment brought is recognised by its identity.

    Raises MappingMissing.
    """
    wanted = {item.balance_transaction_id for item in fees}
    drafts = []
    if data.amount:
        memo = f"Payout {data.payout_id}"
        cash, clearing = books.account(Role.CASH), books.account(Role.PROCESSOR_CLEARING)
        drafts.append(
            draft(
                books,
                [
                    Line(cash, data.amount, memo, data.payout_id),
                    Line(clearing, -data.amount, memo, data.payout_id),
                ],
                document_type="payout",
                business_key=business_key,
                accounting_date=accounting_date,
                currency=data.currency,
                description=memo,
                rule="payouts.settled",
            )
        )
    drafts.extend(
        fee(
            books,
            business_key=key,
            accounting_date=accounting_date,
            amount=item.fee,
            currency=data.currency,
            source_id=item.source_id or item.balance_transaction_id,
        )
        for key, item in fees_by_key(data, key_of).items()
        if item.balance_transaction_id in wanted
    )
    return Journalized(tuple(drafts), note="" if drafts else "A payout of zero moves no money.")


def fees_by_key(data: PayoutSettled, key_of: Callable[[str], str]) -> Mapping[str, PayoutItem]:
    """
    The items that cost something, by the business key of their ``fee`` document.

    A payment's fee has its payment's key, so that a fee which the payment already brought is the
    same document. Whatever else cost something has its balance transaction's.
    """
    found: dict[str, PayoutItem] = {}
    for item in data.items:
        if item.fee:
            own = key_of(item.balance_transaction_id)
            key = key_of(item.source_id) if item.kind in _TAKEN_IN and item.source_id else own
            found[own if key in found else key] = item
    return found


# The kinds of balance transactions that are payments; ``source_id`` is the payment's.
_TAKEN_IN: Final = frozenset(("charge", "payment"))
