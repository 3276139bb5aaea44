"""
Guided tours, in a demo only. Where somebody is on a tour is signed into the address, so that two
people on one tour do not disturb each other, and nothing of it is kept.
"""

from __future__ import annotations

from secrets import token_hex
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import authorize
from revops.sandbox import tours as catalogue
from revops.sandbox.tours import base
from revops.sandbox.tours.base import NotPossible, Tour
from revops.web.htmx import render_page
from revops.web.policy import screen

_SALT: Final = "tours"
_LOOK: Final = {"done": "done", "next": "running", "waiting": "waiting", "ahead": "not_due"}
_WORD: Final = {"next": "Your turn", "ahead": "Later"}


@screen("sandbox.operate")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """All tours."""
    _only_in_a_demo()
    return render_page(request, "tours/tours.html", {"tours": catalogue.TOURS})


@screen("sandbox.operate")
@require_GET
def one(request: HttpRequest, slug: str) -> HttpResponse:
    """A tour, as far as somebody has got; ``at`` is where."""
    tour = _tour(slug)
    at = request.GET.get("at", "")
    kept = _kept(tour, at)
    walk = base.walk(tour, kept)
    here = next((stop for stop in walk.stops if stop.state in ("next", "waiting")), None)
    rows = [(stop, _LOOK[stop.state], _WORD.get(stop.state, "")) for stop in walk.stops]
    context = {
        "tour": tour,
        "rows": rows,
        "at": at or _signed(tour, kept),
        "done": sum(stop.state == "done" for stop in walk.stops),
        "here": here,
        "waits": here is not None and here.state == "waiting",
    }
    return render_page(request, "tours/tour.html", context)


@screen("sandbox.operate")
@require_POST
def act(request: HttpRequest, slug: str) -> HttpResponse:
    """Play the step ``step`` from where somebody is, ``at``."""
    person = authorize(request.user, "sandbox.operate")
    tour = _tour(slug)
    kept = _kept(tour, request.POST.get("at", ""))
    try:
        kept = dict(base.play(tour, request.POST.get("step", ""), kept, by=person.name))
        messages.success(request, "Done. The console hears of it in a moment.")
    except LookupError as error:
        raise Http404(str(error)) from None
    except NotPossible as error:
        messages.error(request, str(error))
    return redirect(f"{reverse('console:tour', args=[slug])}?at={_signed(tour, kept)}")


def _only_in_a_demo() -> None:
    if not settings.REVOPS_DEMO:
        raise Http404("Tours are offered in a demo only.")


def _tour(slug: str) -> Tour:
    _only_in_a_demo()
    found = catalogue.tour(slug)
    if found is None:
        raise Http404("There is no such tour.")
    return found


def _signed(tour: Tour, kept: dict[str, Any]) -> str:
    return signing.dumps(kept, salt=f"{_SALT}:{tour.slug}", compress=True)


def _kept(tour: Tour, at: str) -> dict[str, Any]:
    """What acts gave so far; a new beginning where nothing, or something else, is signed."""
    try:
        found = signing.loads(at, salt=f"{_SALT}:{tour.slug}")
    except signing.BadSignature:
        found = None
    return dict(found) if isinstance(found, dict) else {"run": token_hex(2).upper()}
