"""
Usage that was paid for before it happened (accounting.md J3c).

Credits that were bought are a contract liability until they are used; the usage they pay for is
revenue of its period (ASC 606-10-45-2, 55-18). Credits that were given for nothing make no journal.
"""

from __future__ import annotations

from datetime import date

from revops.contracts.usage import UsageRated
from revops.kernel.periods import Span
from revops.ledger.rules.base import Books, Journalized, Line, draft


def drawn_down(
    data: UsageRated,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    sku: str,
    customer_name: str = "",
) -> Journalized:
    """
    J3c: debit what was deferred, credit usage revenue with the part that credits paid for. ``sku``
    is what the usage is accounted for as. Raises MappingMissing.
    """
    if not data.prepaid:
        return Journalized(note="Rated usage is journalized when it is accrued or billed.")
    treatment = books.sku(sku)
    memo = f"Usage of {data.meter}, paid for before"
    service = Span(data.period_start, data.period_end)
    lines = [
        Line(
            treatment.deferral_account, data.prepaid, memo, data.line_id, data.customer_id,
            customer_name, service=service,
        ),
        Line(treatment.revenue_account, -data.prepaid, memo, data.line_id, service=service),
    ]  # fmt: skip
    entry = draft(
        books,
        lines,
        document_type="drawdown",
        business_key=business_key,
        accounting_date=accounting_date,
        currency=data.currency,
        description=memo,
        rule="usage.drawn_down",
    )
    return Journalized((entry,))
