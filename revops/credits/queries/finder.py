"""A ticket, an invoice or a customer, by whatever somebody has at hand, and what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.db.models import F, Q, QuerySet

from revops.canonical.models import Customer, Invoice, Party, Subscription, SupportCase
from revops.lineage.queries.find import Match, find

_MOST: Final = 8
# What can still take a credit: something was billed, and it stands.
_CREDITABLE: Final = ("issued", "overdue", "paid")
_KINDS: Final = ("support_case", "invoice", "customer", "subscription")


@dataclass(frozen=True, slots=True)
class Found:
    """
    What a text means: one customer with the invoice to credit and the case, or several customers
    to choose from (``choices``), or nothing.
    """

    party: Party | None = None
    customer: Customer | None = None
    invoice: Invoice | None = None
    case: SupportCase | None = None
    choices: Sequence[Party] = ()


def seek(text: str) -> Found:
    """Any id first, then a customer's name."""
    words = " ".join(text.split())[:200]
    if not words:
        return Found()
    known = [match for match in find(words) if match.kind in _KINDS]
    for kind in _KINDS:
        found = next((match for match in known if match.kind == kind), None)
        if found is not None:
            result = _of(found)
            if result.party is not None:
                return result
    parties = Party.objects.filter(merged_into=None, name__icontains=words).order_by("name", "pk")
    exact = [one for one in parties[: _MOST + 1] if one.name.lower() == words.lower()]
    named = exact or list(parties[:_MOST])
    if len(named) == 1:
        return of_party(named[0])
    return Found(choices=named)


def by_id(kind: str, id: str) -> Found:
    """A customer as one, an invoice or a case, by our own id; nothing when there is none."""
    if len(id) > 18 or kind not in ("customer", "invoice", "support_case"):
        return Found()
    if kind == "customer":
        party = Party.objects.filter(pk=int(id), merged_into=None).first()
        return of_party(party) if party else Found()
    if kind == "invoice":
        invoice = _invoices().filter(pk=int(id)).first()
        return of_invoice(invoice) if invoice else Found()
    case = (
        SupportCase.objects.select_related("customer__party", "invoice").filter(pk=int(id)).first()
    )
    return of_case(case) if case else Found()


def _of(match: Match) -> Found:
    if match.kind == "support_case":
        return of_case(
            SupportCase.objects.select_related("customer__party", "invoice").get(pk=match.id)
        )
    if match.kind == "invoice":
        return of_invoice(_invoices().get(pk=match.id))
    if match.kind == "subscription":
        subscription = Subscription.objects.select_related("customer__party").get(pk=match.id)
        return of_party(subscription.customer.party)
    return of_party(Customer.objects.select_related("party").get(pk=match.id).party)


def of_case(case: SupportCase) -> Found:
    """The invoice that the case names, or the one that bills the day of the breach."""
    if case.invoice_id is not None:
        found = of_invoice(_invoices().get(pk=case.invoice_id))
        return Found(found.party, found.customer, found.invoice, case)
    if case.customer is None:
        return Found(case=case)
    found = of_party(case.customer.party, day=case.breached_on or case.opened_on)
    return Found(found.party, found.customer, found.invoice, case)


def of_invoice(invoice: Invoice) -> Found:
    return Found(invoice.customer.party, invoice.customer, invoice)


def of_party(party: Party, *, day: date | None = None) -> Found:
    """The customer with the invoice that serves the day, or the newest one."""
    offered = invoices_of(party, day=day)
    if not offered:
        first = Customer.objects.filter(party=party).order_by("pk").first()
        return Found(party, first)
    return Found(party, offered[0].customer, offered[0])


def invoices_of(party: Party, *, day: date | None = None, most: int = 12) -> list[Invoice]:
    """What can still be credited: those that serve the day, then the newest."""
    rows = _invoices().filter(customer__party=party, state__in=_CREDITABLE, net__gt=0)
    if day is not None:
        serving = list(
            rows.filter(lines__service_start__lte=day, lines__service_end__gte=day)
            .filter(lines__amount__gt=F("lines__credited"))
            .distinct()
            .order_by("-net", "-pk")[:most]
        )
    else:
        serving = []
    known = {one.pk for one in serving}
    newest = [one for one in rows.order_by("-issued_on", "-pk")[:most] if one.pk not in known]
    return (serving + newest)[:most]


def past_sla(*, most: int = 6) -> list[SupportCase]:
    """Cases that broke a promise and for which nobody has asked, newest first."""
    return list(
        SupportCase.objects.filter(
            Q(service_credits__isnull=True)
            | Q(service_credits__state="draft", service_credits__approval_id=None),
            breached_on__isnull=False,
        )
        .select_related("customer__party", "invoice__customer__party")
        .distinct()
        .order_by("-breached_on", "-pk")[:most]
    )


def _invoices() -> QuerySet[Invoice]:
    return Invoice.objects.select_related(
        "customer__party", "customer__connection", "legal_entity", "connection"
    )
