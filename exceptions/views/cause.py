"""One cause: its money, its cases, and one act for all of them."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import authorize, may
from exceptions import filters, kinds, operations
from exceptions.kinds import RemedyUnknown
from exceptions.models import Case, Cause
from exceptions.queries.cases import of_cause, page_of_cases
from exceptions.queries.causes import every_cause
from exceptions.queries.selection import Selection
from exceptions.remedies import Preview, preview
from revops.kernel import clock
from revops.web.filters import Filters, Key
from revops.web.htmx import render_page
from revops.web.policy import screen

_LIST = Filters(Key("order", default="oldest", choices=filters.CASE_RANKS, chip=False))
# A preview looks at each case; beyond these the page says that it has not looked further.
_LOOKED_AT = 500


@screen("cases.view")
@require_GET
def cause(request: HttpRequest, key: str) -> HttpResponse:
    """The cause with its cases and what each remedy would do to all of them."""
    selection = Selection(at=clock.now(), cause_key=key)
    found = every_cause(selection)
    if not found:
        return _settled(request, selection)
    row = found[0]
    state = _LIST.read(request.GET)
    page = page_of_cases(
        selection,
        sort=state.one("order"),
        after=state.one("after"),
        before=state.one("before"),
        known=row.sum.cases,
    )
    context = {
        "cause": row,
        "state": state,
        "page": page,
        "noun": "cases",
        "previews": _previews(key, row.kind.remedies) if may(request.user, "cases.retry") else (),
        "looked_at": _LOOKED_AT,
        "at": selection.at,
    }
    return render_page(request, "exceptions/cause.html", context)


def _settled(request: HttpRequest, selection: Selection) -> HttpResponse:
    """Nothing of the cause is open any more: what it was, and the cases that it had."""
    was = Cause.objects.filter(key=selection.cause_key).first()
    if was is None:
        raise Http404("There is no such cause.")
    state = _LIST.read(request.GET)
    page = page_of_cases(
        selection.with_status("resolved"), after=state.one("after"), before=state.one("before")
    )
    context = {
        "was": was, "state": state, "page": page, "noun": "cases", "at": selection.at,
        "kind": kinds.described(was.kind), "resolved": True,
    }  # fmt: skip
    return render_page(request, "exceptions/cause_settled.html", context)


def _previews(key: str, slugs: tuple[str, ...]) -> list[Preview]:
    """What can be done now; only when nothing can, what can’t and why."""
    cases = of_cause(key, most=_LOOKED_AT)
    every = [preview(cases, kinds.remedy(slug)) for slug in slugs]
    return [one for one in every if one.able] or every


@screen("cases.retry")
@require_POST
def act_on_cause(request: HttpRequest, key: str, remedy: str) -> HttpResponse:
    """Apply a remedy to every case of the cause. One that the person does not see is not there."""
    if not Case.objects.filter(cause_key=key).exists():
        raise Http404("There is no such cause.")
    try:
        outcome = operations.retry_cause(
            cause_key=key, remedy=remedy, by=authorize(request.user, "cases.retry")
        )
    except RemedyUnknown as error:
        raise Http404(str(error)) from None
    level = messages.success if outcome.done else messages.warning
    level(request, outcome.sentence)
    return HttpResponseRedirect(reverse("exceptions:cause", args=[key]))
