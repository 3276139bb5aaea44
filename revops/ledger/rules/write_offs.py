"""
What will not be paid, and what is paid after all (accounting.md J11b-J11d).

Accepting less because of price or satisfaction lowers revenue; inability to pay is a credit loss
(FASB Q&A 28, accounting.md note 5), and the event must say which. Only what was earned is a loss:
the unearned part merely takes the receivable back against deferred revenue. Losses go against the
allowance (ASC 326-20-35-8). Which tax an authority gives back differs (note 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from revops.contracts.invoices import InvoiceWrittenOff, WriteOffRecovered
from revops.kernel.money import allocate, divide_half_up
from revops.ledger import items
from revops.ledger.chains import Amount
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft
from revops.ledger.rules.shares import Charged, Unearned, taken_of


def written_off(
    data: InvoiceWrittenOff,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    currency: str,
    open_amount: int,
    charged: Charged,
    unearned: Sequence[Unearned] = (),
    invoice_number: str = "",
    customer_id: str = "",
    customer_name: str = "",
) -> tuple[Journalized, list[Amount]]:
    """
    J11b, J11c: credit the receivable with what is open. Its price is taken out of deferred revenue
    as far as it is ``unearned`` (given when service has ended); the rest is a credit loss or a
    concession. Tax comes back as the relief says: all of it, that on the unearned part, or none;
    what does not is lost with the rest. Also how much was taken of each deferral.

    Raises MappingMissing.
    """
    if open_amount <= 0:
        return Journalized(note="Nothing of the invoice is open."), [Amount()] * len(unearned)
    number = invoice_number or data.invoice_id
    memo = f"Invoice {number} written off"
    parts = charged.split(open_amount)
    taken = taken_of(unearned, parts.net)
    back = sum([part.amount for part in taken])
    relieved = _relieved(data, parts, back)
    lines = [
        Line(
            books.account(Role.RECEIVABLE), -open_amount, memo, data.invoice_id, customer_id,
            customer_name, item=items.invoice(business_key),
        )
    ]  # fmt: skip
    for one, part in zip(unearned, taken, strict=True):
        if part.amount:
            account = one.deferral_account
            lines.append(Line(account, part.amount, memo, data.invoice_id, held=part.functional))
    lost = open_amount - back - sum([amount for _, amount in relieved])
    if lost:
        credit_loss = data.cause == "credit_loss"
        role = Role.ALLOWANCE if credit_loss else Role.REFUNDS_AND_ALLOWANCES
        lines.append(Line(books.account(role), lost, memo, data.invoice_id))
    lines += [
        Line(books.tax_account(code), amount, f"Tax {code}", data.invoice_id, tax_code=code)
        for code, amount in relieved
        if amount
    ]
    entry = draft(
        books,
        lines,
        document_type="write_off",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=currency,
        description=f"{memo}, {customer_name or customer_id}",
        rule="write_offs.written_off",
    )
    return Journalized((entry,)), taken


def _relieved(data: InvoiceWrittenOff, parts: Charged, back: int) -> tuple[tuple[str, int], ...]:
    """(code, amount) of the tax that the authority gives back."""
    if data.tax_relief == "all":
        return parts.taxes
    if data.tax_relief == "none" or not parts.net or not parts.tax:
        return ()
    whole = divide_half_up(parts.tax * back, parts.net)
    amounts = allocate(whole, [tax for _, tax in parts.taxes])
    return tuple(zip([code for code, _ in parts.taxes], amounts, strict=True))


def recovered(
    data: WriteOffRecovered,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    invoice_number: str = "",
    invoice_key: str = "",
    customer_id: str = "",
    customer_name: str = "",
) -> Journalized:
    """
    J11d: the receivable is reinstated against the allowance, and then collected. Two entries, of
    types ``recovery`` and ``payment``, so that a payment told by its own event is not booked again.

    Raises MappingMissing.
    """
    if not data.amount:
        return Journalized(note="A recovery of zero moves no money.")
    shown = f"Invoice {invoice_number or data.invoice_id}"
    memo = f"Recovery of {shown.lower()}"
    receivable = books.account(Role.RECEIVABLE)
    item = items.invoice(invoice_key)
    steps = (
        ("recovery", "reinstated", receivable, books.account(Role.ALLOWANCE)),
        ("payment", "collected", books.account(Role.PROCESSOR_CLEARING), receivable),
    )
    entries = []
    for document_type, what, debit, credit in steps:
        lines = []
        for account, amount in ((debit, data.amount), (credit, -data.amount)):
            if account == receivable:
                about = (memo, data.invoice_id, customer_id, customer_name)
                lines.append(Line(account, amount, *about, item=item))
            else:
                lines.append(Line(account, amount, memo, data.invoice_id))
        entries.append(
            draft(
                books,
                lines,
                document_type=document_type,
                business_key=business_key,
                accounting_date=accounting_date,
                currency=data.currency,
                description=f"{memo}, {what}",
                rule="write_offs.recovered",
            )
        )
    return Journalized(tuple(entries))
