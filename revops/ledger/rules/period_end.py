"""
What the end of a period makes of the books: accruals, the split by time, the estimated loss.

Sources: usage belongs to the period of use (ASC 606-10-32-40); a credit lowers revenue when the
customer is entitled to it, not when somebody approves it (606-10-32-5); what is due beyond a year
is non-current (ASC 210-10-45); expected credit losses are an allowance (ASC 326-20-30); a
receivable whose right is still conditional is not grossed up (606-10-45-2, accounting.md note 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from revops.contracts.credits import CreditRejected
from revops.contracts.invoices import CreditLossEstimated
from revops.kernel.periods import Span
from revops.ledger import items
from revops.ledger.drafts import JournalDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft


@dataclass(frozen=True, slots=True)
class Used:
    """Rated usage that is not billed yet; ``line_id`` is the rated line's."""

    line_id: str
    sku: str
    currency: str
    amount: int
    span: Span
    customer_id: str = ""
    customer_name: str = ""


def usage_accrued(
    used: Sequence[Used], books: Books, *, business_key: str, on: date, revision: int = 1
) -> JournalDraft:
    """
    J3a: debit unbilled receivables, credit usage revenue with each rated line. All of one currency.
    No tax: that arises with the invoice. Raises MappingMissing.
    """
    lines = []
    for one in used:
        unbilled, revenue = books.account(Role.UNBILLED), books.sku(one.sku).revenue_account
        about = (one.line_id, one.customer_id, one.customer_name)
        item = items.rated_line(one.line_id)
        memo = f"Usage not billed yet, {one.sku}"
        lines += [
            Line(unbilled, one.amount, memo, *about, service=one.span, item=item),
            Line(revenue, -one.amount, memo, one.line_id, service=one.span),
        ]
    return draft(
        books,
        lines,
        document_type="usage_accrual",
        business_key=business_key,
        revision=revision,
        accounting_date=on,
        currency=used[0].currency,
        description=f"Usage until {on}, not billed yet",
        rule="period_end.usage",
    )


@dataclass(frozen=True, slots=True)
class Pending:
    """A credit that the customer is entitled to and nobody has issued; ``amount`` is net."""

    credit_id: str
    currency: str
    amount: int
    customer_id: str = ""
    customer_name: str = ""


def credit_accrued(
    pending: Pending, books: Books, *, business_key: str, on: date, revision: int = 1
) -> JournalDraft:
    """
    J5c1: debit service credits, credit accrued credits, net of tax: its relief waits for the memo.
    Raises MappingMissing.
    """
    memo = f"Credit {pending.credit_id}, not decided yet"
    about = (pending.credit_id, pending.customer_id, pending.customer_name)
    item = items.credit_request(business_key)
    return draft(
        books,
        [
            Line(books.account(Role.SERVICE_CREDITS), pending.amount, memo, pending.credit_id),
            Line(books.account(Role.ACCRUED_CREDITS), -pending.amount, memo, *about, item=item),
        ],
        document_type="credit_accrual",
        business_key=business_key,
        revision=revision,
        accounting_date=on,
        currency=pending.currency,
        description=memo,
        rule="period_end.credits",
    )


def credit_rejected(
    data: CreditRejected,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    accrued: int,
    held: int | None = None,
) -> Journalized:
    """
    J5c2, the other way out: what was accrued for the request goes back. ``accrued`` is what is left
    of it, positive, and ``held`` what the books hold that at. Raises MappingMissing.
    """
    if accrued <= 0:
        return Journalized(note="Nothing was accrued for this request.")
    memo = f"Credit {data.credit_id}, rejected"
    item = items.credit_request(business_key)
    back = -held if held is not None else None
    entry = draft(
        books,
        [
            Line(
                books.account(Role.ACCRUED_CREDITS), accrued, memo, data.credit_id,
                data.customer_id, held=held, item=item,
            ),
            Line(
                books.account(Role.SERVICE_CREDITS), -accrued, memo, data.credit_id, held=back
            ),
        ],
        document_type="credit_accrual",
        business_key=key_within(business_key, "rejected"),
        accounting_date=accounting_date,
        currency=data.currency,
        description=memo,
        rule="period_end.credit_rejected",
    )  # fmt: skip
    return Journalized((entry,))


@dataclass(frozen=True, slots=True)
class Moved:
    """An amount on an account with what the books hold it at; credits are negative."""

    account: str
    currency: str
    amount: int
    functional: int
    customer_id: str = ""
    customer_name: str = ""


def noncurrent(
    moved: Moved, books: Books, *, business_key: str, on: date, revision: int = 1
) -> JournalDraft:
    """
    J1-nc: debit deferred revenue, credit its non-current part with what is scheduled for more than
    a year after ``on``; taken back on the next day. Raises MappingMissing.
    """
    memo = f"Deferred beyond a year after {on}"
    return draft(
        books,
        [
            Line(moved.account, moved.amount, memo, "", held=moved.functional),
            Line(
                books.account(Role.DEFERRED_NONCURRENT), -moved.amount, memo, "",
                held=-moved.functional,
            ),
        ],
        document_type="reclass",
        business_key=business_key,
        revision=revision,
        accounting_date=on,
        currency=moved.currency,
        description=memo,
        rule="period_end.noncurrent",
    )  # fmt: skip


def netted(
    moved: Moved, books: Books, *, business_key: str, on: date, revision: int = 1
) -> JournalDraft:
    """
    Presentation only: debit deferred revenue, credit the receivable with what is billed and unpaid
    while the right to it is still conditional; taken back on the next day. Raises MappingMissing.
    """
    memo = f"Billed and not yet due on {on}"
    return draft(
        books,
        [
            Line(moved.account, moved.amount, memo, "", held=moved.functional),
            Line(
                books.account(Role.RECEIVABLE),
                -moved.amount,
                memo,
                "",
                moved.customer_id,
                moved.customer_name,
                held=-moved.functional,
            ),
        ],
        document_type="presentation",
        business_key=business_key,
        revision=revision,
        accounting_date=on,
        currency=moved.currency,
        description=memo,
        rule="period_end.netted",
    )


def credit_loss(
    data: CreditLossEstimated, books: Books, *, business_key: str, accounting_date: date
) -> Journalized:
    """
    J11a: debit credit loss expense, credit the allowance with the period's estimate; an estimate
    that lowers the allowance goes the other way. Raises MappingMissing.
    """
    if not data.amount:
        return Journalized(note="An estimate of zero changes no allowance.")
    memo = f"Expected credit loss, {data.method or data.estimate_id}"
    entry = draft(
        books,
        [
            Line(books.account(Role.CREDIT_LOSS), data.amount, memo, data.estimate_id),
            Line(books.account(Role.ALLOWANCE), -data.amount, memo, data.estimate_id),
        ],
        document_type="provision",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=memo,
        rule="period_end.credit_loss",
    )
    return Journalized((entry,))
