"""What only the books follow: tax that is remitted, losses that are expected, prepaid usage."""

from __future__ import annotations

from revops.contracts.invoices import CreditLossEstimated
from revops.contracts.tax import TaxRemitted
from revops.contracts.usage import UsageRated
from revops.ledger.rules import period_end, taxes, usage
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


def rated(data: UsageRated, facts: Facts) -> Booked:
    """J3c: the price that rated the usage is the SKU that it is accounted for as."""
    found = usage.drawn_down(
        data,
        facts.books.on(data.period_end),
        business_key=facts.key(data.line_id),
        accounting_date=data.period_end,
        sku=data.price_id,
    )
    return Booked(found.drafts, note=found.note)
