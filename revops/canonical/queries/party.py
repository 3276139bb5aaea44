"""Everything about a customer as one, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from revops.canonical.models import (
    Contract,
    Credit,
    Customer,
    Entitlement,
    Invoice,
    Party,
    Payment,
    Subscription,
    SupportCase,
)
from revops.canonical.queries.drift import Difference, differences

# A page shows the newest; whole lists are pages of their own.
MOST = 100
# Longer chains of merges are a circle that somebody made by hand.
_LONGEST = 20


@dataclass(frozen=True, slots=True)
class PartyPage:
    """
    ``customers`` are the systems' accounts of it, each with its connection; ``children`` the
    customers below it. Lists hold the newest ``MOST``, each with its customer and connection.
    """

    party: Party
    children: Sequence[Party]
    customers: Sequence[Customer]
    contracts: Sequence[Contract]
    subscriptions: Sequence[Subscription]
    entitlements: Sequence[Entitlement]
    invoices: Sequence[Invoice]
    payments: Sequence[Payment]
    credits: Sequence[Credit]
    support_cases: Sequence[SupportCase]
    differences: Sequence[Difference]


def party_of(party_id: int) -> Party:
    """The party, or the one that it was merged into. Raises Party.DoesNotExist."""
    party = Party.objects.select_related("parent").get(pk=party_id)
    for _ in range(_LONGEST):
        if party.merged_into_id is None:
            break
        party = Party.objects.select_related("parent").get(pk=party.merged_into_id)
    return party


def party_page(party_id: int) -> PartyPage:
    """Twelve queries, one more for each merge behind the id. Raises Party.DoesNotExist."""
    party = party_of(party_id)
    customers = list(
        Customer.objects.filter(party=party)
        .select_related("connection", "legal_entity", "parent", "merged_into")
        .order_by("connection__label", "source_id")
    )
    ids = [one.pk for one in customers]
    own = {"customer_id__in": ids}
    contracts = list(
        Contract.objects.filter(**own)
        .select_related("customer", "connection", "opportunity")
        .order_by("-starts_on", "-id")[:MOST]
    )
    return PartyPage(
        party=party,
        children=list(Party.objects.filter(parent=party, merged_into=None).order_by("name")[:MOST]),
        customers=customers,
        contracts=contracts,
        subscriptions=list(
            Subscription.objects.filter(**own)
            .select_related("customer", "connection", "contract")
            .order_by("-started_on", "-id")[:MOST]
        ),
        entitlements=list(
            Entitlement.objects.filter(**own)
            .select_related("customer", "connection", "subscription")
            .order_by("state", "feature", "-id")[:MOST]
        ),
        invoices=list(
            Invoice.objects.filter(**own)
            .select_related("customer", "connection", "legal_entity")
            .order_by("-issued_on", "-id")[:MOST]
        ),
        payments=list(
            Payment.objects.filter(Q(invoice__customer_id__in=ids) | Q(**own))
            .select_related("invoice", "connection")
            .order_by("-dated", "-id")[:MOST]
        ),
        credits=list(
            Credit.objects.filter(**own)
            .select_related("customer", "connection", "invoice", "support_case")
            .order_by("-id")[:MOST]
        ),
        support_cases=list(
            SupportCase.objects.filter(**own)
            .select_related("customer", "connection", "invoice")
            .order_by("-opened_on", "-id")[:MOST]
        ),
        differences=[
            *differences("party", [party.pk]),
            *differences("contract", [one.pk for one in contracts]),
        ],
    )
