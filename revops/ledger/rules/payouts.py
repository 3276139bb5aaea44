"""The processor pays its balance to the bank. After it, what it held for us nets to zero (I5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from revops.contracts.payments import PayoutItem, PayoutReturned, PayoutSettled
from revops.kernel.money import conversion, divide_half_up
from revops.ledger.chains import NOTHING, Amount
from revops.ledger.rules import fx
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
    held: Amount = NOTHING,
    exchanged: Sequence[fx.Exchanged] = (),
) -> Journalized:
    """
    J7c: debit cash, credit clearing with what reached the bank; a negative payout, with which the
    processor takes money back, mirrored. ``fees`` are the payout's items whose fee the books may
    lack: each becomes a ``fee`` document of its own, keyed by ``fees_by_key``, so that one which a
    payment brought is recognised by its identity.

    In a foreign currency ``held`` is what the books hold the payout's items at; the rest counts at
    the day's rate, and the difference to cash is realised. What the processor ``exchanged`` into
    the payout's currency moves there first.

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
                    Line(
                        clearing, -data.amount, memo, data.payout_id,
                        held=_held(books, data, held),
                    ),
                ],
                document_type="payout",
                business_key=business_key,
                accounting_date=accounting_date,
                currency=data.currency,
                description=memo,
                rule="payouts.settled",
            )
        )  # fmt: skip
    drafts.extend(
        fx.exchanged(
            exchanged, books, business_key=business_key, accounting_date=accounting_date,
            currency=data.currency, source_id=data.payout_id,
        )
    )  # fmt: skip
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


def _held(books: Books, data: PayoutSettled, held: Amount) -> int | None:
    """What the books hold the payout at, as a credit; None where the day's rate is all there is."""
    if data.currency == books.functional_currency or not held.amount:
        return None
    over, under = conversion(
        data.currency, books.functional_currency, books.rate(data.currency).value
    )
    return -held.functional - divide_half_up((data.amount - held.amount) * over, under)


def returned(
    data: PayoutReturned, books: Books, *, business_key: str, accounting_date: date
) -> Journalized:
    """The bank sent a payout back: J7c mirrored, dated on the day of its return. MappingMissing."""
    if not data.amount:
        return Journalized(note="A payout of zero moves no money.")
    memo = f"Payout {data.payout_id} returned"
    entry = draft(
        books,
        [
            Line(books.account(Role.PROCESSOR_CLEARING), data.amount, memo, data.payout_id),
            Line(books.account(Role.CASH), -data.amount, memo, data.payout_id),
        ],
        document_type="payout_return",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=memo,
        rule="payouts.returned",
    )
    return Journalized((entry,))


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
