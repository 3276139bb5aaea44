"""
An issued invoice: a receivable, tax that is owed on, and revenue that is earned over time.

Sources: contract liability and receivable, ASC 606-10-45-2; straight-line over a stand-ready
series, 606-10-25-14(b) and 25-31; tax collected for an authority is not revenue, 606-10-32-2A;
a credit line is billed as it stands and ends in the same accounts (accounting.md J4, note 3).
"""

from __future__ import annotations

from datetime import date

from revops.contracts.invoices import InvoiceIssued, InvoiceLine
from revops.kernel.periods import Span
from revops.ledger.drafts import DraftLine, ScheduleDraft
from revops.ledger.rules.base import (
    Books,
    Journalized,
    Line,
    Role,
    ServicePeriodMissing,
    SkuTreatment,
    draft,
)
from revops.ledger.schedules import POINT_IN_TIME, portions

RULE = "invoices.issued"


def issued(
    data: InvoiceIssued,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    revision: int = 1,
    customer_name: str = "",
) -> Journalized:
    """
    J1, J9a: debit the receivable with the total; credit each line's net amount to its deferral
    account (to revenue at once when its SKU is ``point_in_time``) and each tax to its code's
    account. One schedule for each deferred line; tax is never in it.

    Amounts are billed amounts: the receivable is the sum of the rounded lines (I12), inclusive tax
    is already out of ``line.amount``, and credit lines go the other way in the same accounts.
    Lines of zero make no journal line; an invoice of nothing else makes no journal.

    Raises MappingMissing, ServicePeriodMissing, PeriodMissing.
    """
    number = data.number or data.invoice_id
    lines: list[Line] = []
    if data.total:
        lines.append(
            Line(
                books.account(Role.RECEIVABLE),
                data.total,
                f"Invoice {number}",
                data.invoice_id,
                data.customer_id,
                customer_name,
            )
        )
    deferred: list[tuple[int, InvoiceLine, SkuTreatment, Span]] = []
    for line in data.lines:
        if line.amount:
            treatment = books.sku(line.sku)
            service = _service(line)
            account = treatment.revenue_account
            if treatment.convention != POINT_IN_TIME:
                if service is None:
                    raise ServicePeriodMissing(line.line_id, line.sku)
                account = treatment.deferral_account
                deferred.append((len(lines), line, treatment, service))
            lines.append(
                Line(
                    account,
                    -line.amount,
                    line.description or line.sku,
                    line.line_id,
                    service=service,
                )
            )
        for tax in line.taxes:
            if tax.amount:
                lines.append(
                    Line(
                        books.tax_account(tax.code),
                        -tax.amount,
                        f"Tax {tax.code}",
                        line.line_id,
                        tax_code=tax.code,
                    )
                )
    if not lines:
        return Journalized(
            note="Every line of the invoice is zero: there is nothing to journalize."
        )
    entry = draft(
        books,
        lines,
        document_type="invoice",
        business_key=business_key,
        revision=revision,
        accounting_date=accounting_date,
        currency=data.currency,
        description=f"Invoice {number}, {customer_name or data.customer_id}",
        rule=RULE,
    )
    schedules = [
        _schedule(data, books, business_key, line, treatment, service, entry.lines[position])
        for position, line, treatment, service in deferred
    ]
    return Journalized((entry,), tuple(schedules))


def _service(line: InvoiceLine) -> Span | None:
    period = line.service_period
    return Span(period.start, period.end) if period else None


def _schedule(
    data: InvoiceIssued,
    books: Books,
    business_key: str,
    line: InvoiceLine,
    treatment: SkuTreatment,
    service: Span,
    posted: DraftLine,
) -> ScheduleDraft:
    """Spreads what was posted to the deferral account, in both currencies (I2, I10)."""
    return ScheduleDraft(
        legal_entity=books.legal_entity,
        business_key=business_key,
        line_id=line.line_id,
        sku=line.sku,
        currency=data.currency,
        total=line.amount,
        functional_currency=books.functional_currency,
        functional_total=-posted.functional,
        service=service,
        convention=treatment.convention,
        deferral_account=treatment.deferral_account,
        revenue_account=treatment.revenue_account,
        portions=portions(
            total=line.amount,
            functional_total=-posted.functional,
            service=service,
            convention=treatment.convention,
            periods=books.periods(service),
        ),
        customer_id=data.customer_id,
        mapping_version=books.mapping_version,
    )
