"""The list of customers: one row for each party that is not merged into another."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Count as CountOf
from django.db.models import Q, QuerySet

from revops.canonical.models import Party
from revops.web.filters import Filters, Key, State
from revops.web.lists import page_at
from revops.web.pagination import Page

HEALTH: Final = {"green": "Good", "yellow": "At risk", "red": "Bad"}


def _no_address(text: str) -> str:
    """An address of a page is kept by browsers and logs: nobody's e-mail belongs into one."""
    if "@" in text:
        raise ValueError("E-mail addresses are not searched for.")
    return text


CUSTOMERS: Final = Filters(
    Key("q", label="Name, domain or id", accept=_no_address),
    Key("health", label="Health", choices=HEALTH),
)


def page_of_parties(state: State) -> Page[Party]:
    """By name. Each with ``accounts``, how many systems know it, and ``invoiced``."""
    rows: QuerySet[Any, Any] = Party.objects.filter(merged_into=None)
    if state.one("health"):
        rows = rows.filter(health_band=state.one("health"))
    if state.one("entity"):
        rows = rows.filter(
            Q(customers__legal_entity__code=state.one("entity"))
            | Q(customers__invoices__legal_entity__code=state.one("entity"))
        ).distinct()
    if words := state.one("q").strip():
        rows = rows.filter(
            Q(name__icontains=words) | Q(domain__icontains=words) | Q(customers__source_id=words)
        ).distinct()
    found = page_at(rows.select_related("parent"), state, order=("name", "pk"))
    known = dict(
        Party.objects.filter(pk__in=[party.pk for party in found.rows])
        .annotate(accounts=CountOf("customers"))
        .values_list("pk", "accounts")
    )
    for party in found.rows:
        party.accounts = known.get(party.pk, 0)
    return found
