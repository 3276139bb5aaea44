"""Customers: the list, one customer as one, and the page of any record."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import may
from exceptions.models import Case
from revops.canonical.models import Party
from revops.canonical.queries.party import PartyPage, party_page
from revops.console.customers.listing import CUSTOMERS, HEALTH, page_of_parties
from revops.console.customers.reading import (
    Account,
    account_of,
    cases_of,
    last_told,
    running_contract,
    use_of,
)
from revops.console.customers.records import record_of
from revops.console.ways import ways_of
from revops.kernel import clock
from revops.kernel.money import Money
from revops.kernel.privacy import CONTACT
from revops.kernel.sight import looking
from revops.lineage.queries import Hop, thread
from revops.web import revealing
from revops.web.htmx import render_page
from revops.web.lists import render_list
from revops.web.policy import screen
from revops.web.revealing import revealable

# A strip shows the way from the opportunity to the books; longer ones are the thread's own page.
_HOPS = 8


@screen("customers.view")
@require_GET
def customers(request: HttpRequest) -> HttpResponse:
    """Every customer as one, by name."""
    state = CUSTOMERS.read(request.GET)
    more = {
        "sees_duplicates": may(request.user, "identity.decide") or may(request.user, "books.view"),
    }
    return render_list(
        request, "customers/customers.html", state, page_of_parties(state), noun="customers",
        form=("q", "health"), more=more,
    )  # fmt: skip


@screen("customers.view")
@require_GET
@revealable("payload.reveal")
def customer(request: HttpRequest, id: int) -> HttpResponse:
    """Contract, entitlement, invoices, payments, credits, cases, health and what is open."""
    try:
        page = party_page(id)
    except Party.DoesNotExist as error:
        raise Http404("There is no customer with that id.") from error
    if page.party.pk != id:
        return HttpResponsePermanentRedirect(reverse("console:customer", args=[page.party.pk]))
    today = clock.now().date()
    cases = cases_of(page) if may(request.user, "cases.view") else []
    account = account_of(page, today=today)
    contract = running_contract(page, today=today)
    use = use_of(page.party.pk)
    newest = page.invoices[0] if page.invoices else None
    sees_thread = may(request.user, "lineage.view")
    context = {
        "page": page,
        "party": page.party,
        "account": account,
        "contract": contract,
        "contract_worth": Money(contract.total, contract.currency) if contract else None,
        "use": use,
        "over": any(one.over for one in use),
        "cases": cases,
        "verdict": _verdict(page, account, cases),
        "newest": newest,
        "strip": _strip(newest.pk) if newest is not None and sees_thread else [],
        "told": last_told(page),
        "health": HEALTH.get(page.party.health_band, ""),
        "payments": [(one, Money(one.amount, one.currency)) for one in page.payments[:12]],
        "credits": [(one, Money(one.total, one.currency)) for one in page.credits[:12]],
        "renewal": _renewal(page.party),
        "sees_thread": sees_thread,
        "may_ask": may(request.user, "credits.request"),
        "decides": may(request.user, "identity.decide"),
        "may_erase": may(request.user, "privacy.erase"),
        "masked": bool(_addresses(page)) and not looking().shows(CONTACT),
        "addresses": _addresses(page),
    }
    return render_page(request, "customers/customer.html", context)


@screen("payload.reveal")
@require_POST
def customer_reveal(request: HttpRequest, id: int) -> HttpResponse:
    """Show a customer's personal fields for a minute, with a reason."""
    party = Party.objects.filter(pk=id, merged_into=None).first()
    if party is None:
        raise Http404("There is no customer with that id.")
    return revealing.answer(
        request, reverse("console:customer", args=[id]), action="payload.reveal",
        kind="customer", reference=f"PTY-{id}",
    )  # fmt: skip


@screen("payload.reveal")
@require_POST
def record_reveal(request: HttpRequest, kind: str, id: int) -> HttpResponse:
    """Show a record's personal fields for a minute, with a reason."""
    found = record_of(kind, id)
    if found is None:
        raise Http404(f"There is no {kind.replace('_', ' ')} with that id.")
    books = getattr(found.row, "legal_entity", None)
    return revealing.answer(
        request, reverse("console:record", args=[kind, id]), action="payload.reveal",
        kind=kind.replace("_", " "), reference=str(found.row.source_id),
        entity=books.code if books else "",
    )  # fmt: skip


@screen("customers.view")
@require_GET
@revealable("payload.reveal")
def record(request: HttpRequest, kind: str, id: int) -> HttpResponse:
    """One record of any kind: what is known, since when, and what systems say differently."""
    found = record_of(kind, id)
    if found is None:
        raise Http404(f"There is no {kind.replace('_', ' ')} with that id.")
    ways = ways_of(thread(kind, id, brief=True), kind, id)
    who = found.row if kind == "customer" else getattr(found.row, "customer", None)
    context = {
        "found": found,
        "masked": found.masked,
        "who": who,
        "ways": ways,
        "thread_url": reverse("console:lineage", args=[kind, id])
        if may(request.user, "lineage.view")
        else "",
        "credit_url": _credit_url(kind, id) if may(request.user, "credits.request") else "",
    }
    return render_page(request, "customers/record.html", context)


def _addresses(page: PartyPage) -> list[tuple[str, str]]:
    """The customer's e-mail address, as each system knows it."""
    return [(one.connection.label, one.email) for one in page.customers if one.email]


def _credit_url(kind: str, id: int) -> str:
    """Where a credit is asked for from a record that can be its ground."""
    asked = kind in ("invoice", "support_case")
    return f"{reverse('credits:new')}?of={kind}-{id}" if asked else ""


def _strip(invoice_id: int) -> list[Hop]:
    found = thread("invoice", invoice_id, brief=True)
    return found.steps[:_HOPS] if found is not None else []


def _renewal(party: Party) -> Money | None:
    if party.renewal_amount is None or not party.renewal_currency:
        return None
    return Money(party.renewal_amount, party.renewal_currency)


def _verdict(page: PartyPage, account: Account, cases: list[Case]) -> dict[str, object]:
    """What matters most, in one sentence: a case, then what is overdue, then how systems differ."""
    if cases:
        case = cases[0]
        more = len(cases) - 1
        sub = f"{more} more case{'' if more == 1 else 's'} of this customer." if more else ""
        return {
            "tone": "crit", "icon": "diamond", "sentence": case.what_happened, "sub": sub,
            "case": case,
        }  # fmt: skip
    if account.overdue:
        late = account.late_days
        days = f"{late} day{'' if late == 1 else 's'}"
        return {
            "tone": "warn", "icon": "triangle", "sub": "",
            "sentence": f"An invoice is overdue by {days}.",
        }  # fmt: skip
    if page.differences:
        count = len(page.differences)
        what = "one field" if count == 1 else f"{count} fields"
        sub = "The owner’s value counts; the other is kept beside it."
        return {
            "tone": "info", "icon": "ring", "sentence": f"Systems differ on {what}.", "sub": sub,
        }  # fmt: skip
    return {"tone": "ok", "icon": "tick", "sentence": "Nothing is overdue or held.", "sub": ""}
