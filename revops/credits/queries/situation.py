"""The facts of a request as policy wants them: promises, invoice, term, earlier credits."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from django.db.models import Q

from revops.canonical.models import (
    Contract,
    Customer,
    Entitlement,
    Invoice,
    InvoiceLine,
    Subscription,
    SupportCase,
)
from revops.credits.models import Promise, ServiceCredit
from revops.credits.policy import Billed, Past, Promised, Situation
from revops.kernel.clock import local_date
from revops.kernel.periods import Span

_YEAR: Final = timedelta(days=365)


def situation(
    *,
    customer: Customer,
    invoice: Invoice,
    case: SupportCase | None,
    today: date,
    ticket: str = "",
    besides: int | None = None,
) -> Situation:
    """Six queries. ``besides``: the request that asks, which is not its own duplicate."""
    accounts = list(
        Customer.objects.filter(party_id=customer.party_id).values_list("pk", flat=True)
    )
    broken = case.breached_on if case else None
    lines = billed(invoice)
    return Situation(
        currency=invoice.currency,
        lines=lines,
        promises=_promises(accounts, invoice, lines, broken or today),
        promise=case.promise if case else "",
        severity=case.severity if case else "",
        broken_on=broken,
        ticket=ticket or (case.source_id if case else ""),
        term=_term(accounts, broken or today),
        past=past(customer.party_id, since=(broken or today) - _YEAR, besides=besides),
    )


def billed(invoice: Invoice) -> list[Billed]:
    """The lines of an invoice, in their order."""
    return [
        Billed(
            line.line_id,
            line.sku,
            line.amount,
            line.amount - line.credited,
            Span(line.service_start, line.service_end)
            if line.service_start and line.service_end
            else None,
        )
        for line in InvoiceLine.objects.filter(invoice=invoice).order_by("position")
    ]


def past(party_id: int, *, since: date, besides: int | None = None) -> list[Past]:
    """The customer's earlier requests since a day, newest first; drafts of people are not told."""
    rows = (
        ServiceCredit.objects.filter(
            customer__party_id=party_id, created_at__date__gte=since, amount__isnull=False
        )
        .exclude(pk=besides or 0)
        .exclude(state="draft", provisional=False)
        .select_related("legal_entity", "support_case")
        .order_by("-pk")
    )
    return [
        Past(
            number=row.number,
            state=row.state,
            currency=row.currency,
            amount=row.amount or 0,
            credit_type=row.credit_type,
            entitled_on=row.entitled_on,
            ticket=row.ticket,
            asked_on=local_date(row.created_at, row.legal_entity.zone)
            if row.legal_entity
            else row.created_at.date(),
        )
        for row in rows
    ]


def plans_of(customer: Customer, invoice: Invoice, day: date) -> set[str]:
    """The plans and features that a customer has on a day, with what the invoice bills."""
    accounts = Customer.objects.filter(party_id=customer.party_id).values_list("pk", flat=True)
    return _plans(list(accounts), billed(invoice), day)


def _plans(accounts: list[int], lines: list[Billed], day: date) -> set[str]:
    """Those billed, subscribed to or granted."""
    plans = {line.sku for line in lines}
    for items in Subscription.objects.filter(
        customer_id__in=accounts, started_on__lte=day
    ).values_list("items", flat=True):
        plans.update(item.get("sku", "") for item in items)
    plans.update(
        Entitlement.objects.filter(customer_id__in=accounts, granted_on__lte=day)
        .filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))
        .exclude(state="revoked")
        .values_list("feature", flat=True)
    )
    return plans


def _promises(
    accounts: list[int], invoice: Invoice, lines: list[Billed], day: date
) -> list[Promised]:
    """What the customer's plans promise on a day."""
    plans = _plans(accounts, lines, day)
    rows = Promise.objects.filter(plan__in=plans, valid__contains=day).filter(
        Q(legal_entity=None) | Q(legal_entity_id=invoice.legal_entity_id)
    )
    return [
        Promised(row.label, row.plan, row.promise, row.severity, row.target, row.gives, row.most)
        for row in rows.order_by("pk")
    ]


def _term(accounts: list[int], day: date) -> Span | None:
    """The term of the contract that runs on a day; twelve months back where none does."""
    contract = (
        Contract.objects.filter(
            customer_id__in=accounts, starts_on__lte=day, ends_on__gte=day, state="active"
        )
        .order_by("-starts_on", "-pk")
        .first()
    )
    if contract is not None:
        return Span(contract.starts_on, contract.ends_on)
    return Span(day - _YEAR, day + _YEAR)
