"""The page *Personal data*: forget a person, with somebody else's yes; what is kept how long."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts.queries import authorize
from approvals.operations import ApprovalRefused
from revops.audit.models import Erasure
from revops.canonical.models import Party
from revops.pipeline.privacy.asking import EraseRefused, Known, ask_to_erase, known_of
from revops.pipeline.privacy.places import TooShort
from revops.pipeline.privacy.retaining import last_run, rules
from revops.web.htmx import render_page
from revops.web.policy import screen

_NEWEST: Final = 50
_MOST_TEXTS: Final = 20


@screen("privacy.erase")
@require_http_methods(["GET", "HEAD", "POST"])
def personal_data(request: HttpRequest) -> HttpResponse:
    """Ask for an erasure, from a customer's page or on its own; what was asked; what is kept."""
    if request.method != "POST":
        return _page(request, party=_party(request.GET))
    party = _party(request.POST)
    known = known_of(party.pk) if party else []
    try:
        asked = ask_to_erase(
            by=authorize(request.user, "privacy.erase"), texts=_texts(request.POST, known),
            reason=request.POST.get("reason", ""), party_id=party.pk if party else None,
        )  # fmt: skip
    except (EraseRefused, TooShort, ApprovalRefused) as refusal:
        return _page(request, party=party, problem=str(refusal))
    messages.success(request, f"Asked as {asked}. An administrator who is not you decides.")
    return HttpResponseRedirect(reverse("console:personal-data"))


def _party(said: QueryDict) -> Party | None:
    number = said.get("party", "")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return Party.objects.filter(pk=number, merged_into=None).first()


def _texts(posted: QueryDict, known: list[Known]) -> list[str]:
    """What was ticked, by its place in the list (so that no page has to show it), and typed."""
    ticked = [
        known[int(place)].text
        for place in posted.getlist("known")
        if place.isascii() and place.isdigit() and len(place) < 4 and int(place) < len(known)
    ]
    return [*ticked, *posted.get("texts", "").splitlines()[:_MOST_TEXTS]]


def _page(request: HttpRequest, *, party: Party | None, problem: str = "") -> HttpResponse:
    context: dict[str, Any] = {
        "party": party,
        "known": list(enumerate(known_of(party.pk))) if party else [],
        "ticked": request.POST.getlist("known"),
        "texts": request.POST.get("texts", ""),
        "reason": request.POST.get("reason", ""),
        "problem": problem,
        "erasures": [
            (one, sum(one.progress.get("rows", {}).values()), one.progress.get("kept", {}))
            for one in Erasure.objects.order_by("-pk")[:_NEWEST]
        ],
        "rules": rules(),
        "last": last_run(),
    }
    return render_page(
        request, "privacy/personal_data.html", context, status=422 if problem else 200
    )
