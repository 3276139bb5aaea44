"""Collected tax is paid to its authority (accounting.md J9b); it never was revenue (note 6)."""

from __future__ import annotations

from datetime import date

from revops.contracts.tax import TaxRemitted
from revops.ledger.rules.base import Books, Journalized, Line, Role, draft


def remitted(
    data: TaxRemitted, books: Books, *, business_key: str, accounting_date: date
) -> Journalized:
    """J9b: debit the code's liability, credit cash. Raises MappingMissing."""
    if not data.amount:
        return Journalized(note="A remittance of zero moves no money.")
    memo = f"Tax {data.code} remitted" + (f", {data.period}" if data.period else "")
    about = (memo, data.remittance_id)
    entry = draft(
        books,
        [
            Line(books.tax_account(data.code), data.amount, *about, tax_code=data.code),
            Line(books.account(Role.CASH), -data.amount, *about),
        ],
        document_type="remittance",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=memo,
        rule="taxes.remitted",
    )
    return Journalized((entry,))
