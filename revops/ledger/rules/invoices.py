"""
An issued invoice: a receivable, tax that is owed on, and revenue that is earned over time.

Sources: contract liability and receivable, ASC 606-10-45-2; straight-line over a stand-ready
series, 606-10-25-14(b) and 25-31; tax collected for an authority is not revenue, 606-10-32-2A;
a credit line is billed as it stands and ends in the same accounts (accounting.md J4, note 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from revops.contracts.invoices import InvoiceIssued, InvoiceLine
from revops.kernel.money import conversion, divide_half_up
from revops.kernel.periods import Span
from revops.ledger import items
from revops.ledger.chains import Amount
from revops.ledger.drafts import DraftLine, JournalDraft, ScheduleDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.rules.base import (
    Books,
    Journalized,
    Line,
    Role,
    ServicePeriodMissing,
    SkuTreatment,
    draft,
)
from revops.ledger.schedules import ON_USE, POINT_IN_TIME, portions

RULE = "invoices.issued"


@dataclass(frozen=True, slots=True)
class Billed:
    """
    What was accrued for the usage that a line bills, and is not billed yet; nothing when its period
    has not been ended. ``reopened_on`` is the latest day of that period while it is open and
    earlier than the invoice's own, and ``then`` the books of that day.
    """

    accrued: Amount
    reopened_on: date | None = None
    then: Books | None = None


def issued(
    data: InvoiceIssued,
    books: Books,
    *,
    business_key: str,
    accounting_date: date,
    revision: int = 1,
    customer_name: str = "",
    usage: Mapping[str, Billed] | None = None,
    bears: Mapping[date, int] | None = None,
) -> Journalized:
    """
    J1, J9a, J4a-c: debit the receivable with the total; credit each line's net amount to its
    deferral account (to revenue at once when its SKU is ``point_in_time``) and each tax to its
    code's account. One schedule for each deferred line; tax is never in it, and credits that were
    bought to be used have none.

    J3b: ``usage`` is what was accrued by the rated line that a line bills. Unbilled receivables are
    credited with it, revenue with the difference. While the period of the usage is open, that
    period gets the difference (all of it, when nothing was accrued) by an entry of its own, as
    usage is revenue of its period (606-10-32-40).

    Amounts are billed amounts: the receivable is the sum of the rounded lines (I12), inclusive tax
    is already out of ``line.amount``, and credit lines go the other way in the same accounts. What
    the credit lines of a change take beyond ``bears`` (what may be taken, by the change's day)
    lowers revenue instead: deferred revenue is never negative (J6a-m).
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
                item=items.invoice(business_key),
            )
        )
    deferred: list[tuple[int, InvoiceLine, SkuTreatment, Span]] = []
    trued_up: list[JournalDraft] = []
    short = _beyond(data, bears or {})
    for line in data.lines:
        if line.amount:
            treatment = books.sku(line.sku)
            service = _service(line)
            account = treatment.revenue_account
            about = (line.description or line.sku, line.line_id)
            accrual = (usage or {}).get(line.usage_ref) if line.usage_ref else None
            if accrual is not None and (accrual.accrued.amount or treatment.convention != ON_USE):
                lines += _unbilled(books, line, accrual, account, about, service, data.currency)
                trued_up += _trued_up(data, books, line, accrual, account, business_key)
            else:
                if treatment.convention == ON_USE and not line.usage_ref:
                    account = treatment.deferral_account
                elif treatment.convention != POINT_IN_TIME and not line.usage_ref:
                    if service is None:
                        raise ServicePeriodMissing(line.line_id, line.sku)
                    account = treatment.deferral_account
                    deferred.append((len(lines), line, treatment, service))
                excess = short.get(line.line_id, 0)
                if line.amount + excess:
                    lines.append(Line(account, -line.amount - excess, *about, service=service))
                elif deferred and deferred[-1][1] is line:
                    deferred.pop()
                if excess:
                    contra = books.account(Role.REFUNDS_AND_ALLOWANCES)
                    lines.append(Line(contra, excess, *about, service=service))
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
    return Journalized((entry, *trued_up), tuple(schedules), excess=sum(short.values()))


def _beyond(data: InvoiceIssued, bears: Mapping[date, int]) -> dict[str, int]:
    """By credit line, what it takes beyond what is deferred; the latest lines first."""
    found: dict[str, int] = {}
    for day, most in bears.items():
        changed = [
            line
            for line in data.lines
            if line.proration and line.service_period and line.service_period.start == day
        ]
        missing = -(most + sum([line.amount for line in changed]))
        for line in reversed(changed):
            if missing > 0 and line.amount < 0:
                found[line.line_id] = min(missing, -line.amount)
                missing -= found[line.line_id]
    return found


def _unbilled(
    books: Books, line: InvoiceLine, accrual: Billed, revenue: str, about: tuple[str, str],
    service: Span | None, currency: str,
) -> list[Line]:  # fmt: skip
    """What was accrued is billed now; the rest is revenue here, unless its own period gets it."""
    account, item = books.account(Role.UNBILLED), items.rated_line(line.usage_ref)
    held = accrual.accrued
    if accrual.reopened_on is not None:
        held = held + _difference(books, line, accrual, currency)
    lines = [
        Line(
            account, -held.amount, *about, service=service, held=-held.functional, item=item
        )
    ]  # fmt: skip
    if line.amount != held.amount:
        lines.append(Line(revenue, held.amount - line.amount, *about, service=service))
    return lines


def _difference(books: Books, line: InvoiceLine, accrual: Billed, currency: str) -> Amount:
    """What the period of the usage lacks, at the rate of its own day."""
    then = accrual.then or books
    amount = line.amount - accrual.accrued.amount
    if currency == then.functional_currency:
        return Amount(amount, amount)
    rate = then.rate(currency).value
    over, under = conversion(currency, then.functional_currency, rate)
    return Amount(amount, divide_half_up(amount * over, under))


def _trued_up(
    data: InvoiceIssued, books: Books, line: InvoiceLine, accrual: Billed, revenue: str, key: str
) -> list[JournalDraft]:
    """The accrual becomes what was billed, in the period of the usage (J3b, note)."""
    difference = line.amount - accrual.accrued.amount
    if accrual.reopened_on is None or not difference:
        return []
    memo = f"Usage billed by {data.number or data.invoice_id}, {line.sku}"
    item = items.rated_line(line.usage_ref)
    service = _service(line)
    return [
        draft(
            accrual.then or books,
            [
                Line(
                    books.account(Role.UNBILLED), difference, memo, line.line_id, service=service,
                    item=item,
                ),
                Line(revenue, -difference, memo, line.line_id, service=service),
            ],
            document_type="usage_accrual",
            business_key=key_within(key, line.line_id),
            accounting_date=accrual.reopened_on,
            currency=data.currency,
            description=memo,
            rule="invoices.trued_up",
        )
    ]  # fmt: skip


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
    total, functional = -posted.amount, -posted.functional
    return ScheduleDraft(
        legal_entity=books.legal_entity,
        business_key=business_key,
        line_id=line.line_id,
        sku=line.sku,
        currency=data.currency,
        total=total,
        functional_currency=books.functional_currency,
        functional_total=functional,
        service=service,
        convention=treatment.convention,
        deferral_account=treatment.deferral_account,
        revenue_account=treatment.revenue_account,
        portions=portions(
            total=total,
            functional_total=functional,
            service=service,
            convention=treatment.convention,
            periods=books.periods(service),
        ),
        customer_id=data.customer_id,
        mapping_version=books.mapping_version,
    )
