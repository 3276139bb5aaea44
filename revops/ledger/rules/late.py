"""
A document that came after its period was prepared: what it earned there is accrued.

Revenue belongs to the period in which it is earned, whenever its document comes (ASC 606-10-25-31);
an estimate of the document is reversed when the document itself is booked. Tax is not accrued: it
arises with the document, and so does the receivable or the debt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from revops.ledger import items
from revops.ledger.drafts import JournalDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules.base import Books, Line, Role, draft


@dataclass(frozen=True, slots=True)
class Earned:
    """What a document brings an account of the income statement; credits are negative."""

    account: str
    amount: int
    functional: int


@dataclass(frozen=True, slots=True)
class Late:
    """The document that came late: its business key and day, in words, and whose it is."""

    key: str
    day: date
    currency: str
    words: str
    customer_id: str = ""
    customer_name: str = ""


def accrued(late: Late, earned: Sequence[Earned], books: Books, *, on: date) -> JournalDraft | None:
    """
    Each account gets what the document would have brought it up to ``on``; the other side is
    unbilled receivables where that is income, accrued credits where it lowers income. None when it
    earns nothing there. Taken back on the day on which the document is booked.

    Raises MappingMissing.
    """
    moved = [one for one in earned if one.amount or one.functional]
    if not moved:
        return None
    memo = f"Accrued, {late.words} came late"
    lines = [Line(one.account, one.amount, memo, late.key, held=one.functional) for one in moved]
    amount = sum([one.amount for one in moved])
    functional = sum([one.functional for one in moved])
    if amount or functional:
        income = (functional or amount) < 0
        account = books.account(Role.UNBILLED if income else Role.ACCRUED_CREDITS)
        lines.append(
            Line(
                account, -amount, memo, late.key, late.customer_id, late.customer_name,
                held=-functional, item=items.late_document(late.key),
            )
        )  # fmt: skip
    return draft(
        books, lines, document_type="late_accrual", business_key=key_within(f"late:{late.key}"),
        accounting_date=on, currency=late.currency,
        description=f"{memo}, dated {late.day.isoformat()}", rule="late.accrued",
    )  # fmt: skip
