"""
Credit memos: what each type does to revenue, deferred revenue and tax.

Sources: variable consideration lowers revenue and is no expense (ASC 606-10-32-25, accounting.md
note 4). A service credit belongs to its period (32-40, 32-44); a concession on the whole contract
changes the transaction price, and its satisfied share is caught up at once (32-42 to 32-45); a
lower price for the future is prospective (25-13(a)); a billing error is undone as if it had never
been. Tax goes back at the rate and in the jurisdiction that charged it (note 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from revops.contracts.credits import CreditApplied, CreditIssued, CreditLine
from revops.kernel.money import divide_half_up
from revops.ledger import items
from revops.ledger.chains import NOTHING, Amount
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules import limits
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft


@dataclass(frozen=True, slots=True)
class Lowered:
    """
    A line of the memo and the revenue it lowers: what is still to be earned (``rest``), what has
    been (``earned``), on which accounts. ``whole`` is what the invoice line itself brought. Without
    a schedule, ``deferral_account`` is blank.
    """

    line: CreditLine
    rest: Amount = NOTHING
    earned: int = 0
    whole: Amount = NOTHING
    deferral_account: str = ""
    revenue_account: str = ""


@dataclass(frozen=True, slots=True)
class Memo:
    """The journal of a credit memo, and what each of its lines took from deferred revenue."""

    journalized: Journalized
    taken: tuple[Amount, ...]


def issued(
    data: CreditIssued,
    books: Books,
    lowered: Sequence[Lowered],
    *,
    business_key: str,
    accounting_date: date,
    open_amount: int,
    customer_key: str,
    customer_name: str = "",
    invoice_key: str = "",
    accrued: Amount = NOTHING,
    accrued_item: str = "",
) -> Memo:
    """
    J5a, J5b, J5c2, J5d, J5e, J5f, J6a: credit what the memo settles (the invoice up to its
    ``open_amount``, the customer's balance, refunds payable), debit deferred revenue,
    contra-revenue and tax by the memo's type. Deferred revenue never goes below zero: what it
    cannot bear lowers revenue (J6a-m). What had been ``accrued`` for the memo's request is used
    first (J5c2).

    Raises MappingMissing.
    """
    about = (data.customer_id, customer_name)
    memo = f"Credit {data.number or data.credit_id}"
    lines = _settled(data, books, memo, about, open_amount, customer_key, invoice_key)
    taken = []
    for one in lowered:
        took, back = _revenue(data, books, one, memo)
        taken.append(took)
        lines += back
        for tax in one.line.taxes:
            if tax.amount:
                account = books.tax_account(tax.code)
                about_line = one.line.invoice_line_id or one.line.line_id
                lines.append(
                    Line(account, tax.amount, f"Tax {tax.code}", about_line, tax_code=tax.code)
                )
    lines = _after_accrual(books, lines, accrued, accrued_item, data, memo)
    if not lines:
        return Memo(Journalized(note="A credit of zero changes no book."), tuple(taken))
    entry = draft(
        books,
        lines,
        document_type="credit",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=f"{memo}, {customer_name or data.customer_id}",
        rule="credits.issued",
    )
    return Memo(Journalized((entry,)), tuple(taken))


def applied(
    data: CreditApplied,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    held: Amount,
    customer_key: str,
    customer_id: str = "",
    customer_name: str = "",
    invoice_number: str = "",
    invoice_key: str = "",
    receivable: Amount | None = None,
) -> Journalized:
    """
    J5b2: the customer's balance (``held``, positive) settles an invoice. ``receivable`` is what is
    open of it as the books hold it, where that is at another rate.

    Raises MappingMissing, LimitExceeded.
    """
    if not data.amount:
        return Journalized(note="An application of zero changes no book.")
    limits.balance(data.currency, held=held.amount, asked=data.amount)
    memo = f"Credit {data.credit_id} applied"
    shown = f"Invoice {invoice_number or data.invoice_id}"
    about = (customer_id, customer_name)
    used = held.part(data.amount).functional
    paid = used
    if receivable is not None and receivable.amount >= data.amount:
        paid = receivable.part(data.amount).functional
    entry = draft(
        books,
        [
            Line(
                books.account(Role.CUSTOMER_CREDIT), data.amount, memo, data.credit_id, *about,
                held=used, item=items.customer(customer_key),
            ),
            Line(
                books.account(Role.RECEIVABLE), -data.amount, shown, data.invoice_id, *about,
                held=-paid, item=items.invoice(invoice_key),
            ),
        ],
        document_type="application",
        business_key=key_within(business_key, data.application_id),
        accounting_date=accounting_date,
        currency=data.currency,
        description=f"{memo} to {shown.lower()}",
        rule="credits.applied",
    )  # fmt: skip
    return Journalized((entry,))


def _settled(
    data: CreditIssued, books: Books, memo: str, about: tuple[str, str], open_amount: int, key: str,
    invoice_key: str,
) -> list[Line]:  # fmt: skip
    """Where the credit goes. What an invoice no longer owes becomes the customer's balance."""
    lines = []
    balance = data.total
    if data.settles == "invoice":
        owed = max(0, min(data.total, open_amount))
        balance -= owed
        if owed:
            account = books.account(Role.RECEIVABLE)
            item = items.invoice(invoice_key)
            lines.append(Line(account, -owed, memo, data.invoice_id, *about, item=item))
    if balance:
        role = Role.REFUNDS_PAYABLE if data.settles == "refund" else Role.CUSTOMER_CREDIT
        item = items.customer(key)
        lines.append(Line(books.account(role), -balance, memo, data.credit_id, *about, item=item))
    return lines


def takes(data: CreditIssued, one: Lowered) -> Amount:
    """What a line of the memo takes from deferred revenue, by the memo's type."""
    amount, kind = one.line.amount, data.credit_type
    if kind == "billing_error":
        return one.whole.part(amount) if one.deferral_account else NOTHING
    wanted = 0
    if kind == "contract_concession":
        whole = one.earned + one.rest.amount
        wanted = amount - divide_half_up(amount * one.earned, whole) if whole > 0 else 0
    elif kind in ("future_price_cut", "cancellation"):
        wanted = amount
    return one.rest.part(max(0, min(wanted, one.rest.amount)))


def _revenue(
    data: CreditIssued, books: Books, one: Lowered, memo: str
) -> tuple[Amount, list[Line]]:
    """What the line takes from deferred revenue, and its debits."""
    amount, taken = one.line.amount, takes(data, one)
    source = one.line.invoice_line_id or one.line.line_id
    lines = []
    if taken.amount:
        account = one.deferral_account
        lines.append(Line(account, taken.amount, memo, source, held=taken.functional))
    if amount > taken.amount:
        account = one.revenue_account if data.credit_type == "billing_error" else ""
        if not account:
            role = _CONTRA.get(data.credit_type, Role.REFUNDS_AND_ALLOWANCES)
            account = books.account(role)
        lines.append(Line(account, amount - taken.amount, memo, source))
    return taken, lines


_CONTRA: Final = {
    "sla_period": Role.SERVICE_CREDITS,
    "contract_concession": Role.SERVICE_CREDITS,
}


def _after_accrual(
    books: Books, lines: list[Line], accrued: Amount, item: str, data: CreditIssued, memo: str
) -> list[Line]:
    """
    J5c2: the accrual is used up, and revenue is lowered (or raised) only by what it missed. An
    accrual of more than the memo is released with it.
    """
    if accrued.amount <= 0:
        return lines
    contra = books.account(Role.SERVICE_CREDITS)
    account = books.account(Role.ACCRUED_CREDITS)
    hit = sum([line.amount for line in lines if line.account == contra])
    kept = [line for line in lines if line.account != contra]
    used = Line(
        account, accrued.amount, memo, data.request_ref, data.customer_id,
        held=accrued.functional, item=item,
    )  # fmt: skip
    rest = hit - accrued.amount
    return [*kept, used, *([Line(contra, rest, memo, data.credit_id)] if rest else [])]
