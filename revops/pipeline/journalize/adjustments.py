"""What only the books follow: tax that is remitted, losses that are expected."""

from __future__ import annotations

from revops.contracts.invoices import CreditLossEstimated
from revops.contracts.tax import TaxRemitted
from revops.ledger.rules import period_end, taxes
from revops.pipeline.journalize.facts import Booked, Facts


def remitted(data: TaxRemitted, facts: Facts) -> Booked:
    found = taxes.remitted(
        data,
        facts.books.on(data.remitted_on),
        business_key=facts.key(data.remittance_id),
        accounting_date=data.remitted_on,
    )
    return Booked(found.drafts, note=found.note)


def estimated(data: CreditLossEstimated, facts: Facts) -> Booked:
    found = period_end.credit_loss(
        data,
        facts.books.on(data.estimated_on),
        business_key=facts.key(data.estimate_id),
        accounting_date=data.estimated_on,
    )
    return Booked(found.drafts, note=found.note)
