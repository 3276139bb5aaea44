"""Rehearsals as pages, in a demo only: choose drills, watch them, read the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import authorize, may
from exceptions import kinds
from revops.kernel import clock
from revops.kernel.money import Money
from revops.sandbox.company import ERP, STRIPE
from revops.sandbox.rehearsals import (
    catalogue,
    doors,
    operations,
    queries,
    systems,
    verdict,
)
from revops.sandbox.rehearsals.models import LIVE, Rehearsal, RehearsalState
from revops.sandbox.rehearsals.operations import RehearsalRefused
from revops.sandbox.rehearsals.report import Report, read
from revops.web.filters import Filters
from revops.web.htmx import refuse, render_page
from revops.web.pagination import numbered_page
from revops.web.policy import screen

_PAGES: Final = Filters()
_LOOK: Final = {"over": "done", "settling": "running"}
_WORDS: Final = {"settling": "Counting", "over": "Over"}
_WHAT: Final = {
    "twice": "more than once in the ERP", "other": "another amount in the ERP",
    "unknown": "in the ERP alone", "case": "in a case", "waiting": "on its way",
    "nowhere": "no case says why",
}  # fmt: skip


@screen("rehearsals.view")
@require_GET
def rehearsals(request: HttpRequest) -> HttpResponse:
    """The drills to choose from, and earlier rehearsals, the newest first."""
    _only_in_a_demo()
    return _listed(request)


@screen("rehearsals.view")
@require_GET
def rehearsal(request: HttpRequest, number: int) -> HttpResponse:
    """How it goes, and its report."""
    found = _found(number)
    return render_page(
        request, "rehearsals/rehearsal.html", _context(request, found), fragments={"live": "live"}
    )


@screen("rehearsals.run")
@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Throw the chosen drills (``drill``, repeated)."""
    _only_in_a_demo()
    chosen = request.POST.getlist("drill")
    try:
        made = operations.start(by=authorize(request.user, "rehearsals.run"), drills=chosen)
    except RehearsalRefused as refusal:
        return _listed(request, error=str(refusal), chosen=chosen, status=422)
    return HttpResponseRedirect(reverse("rehearsals:one", args=[made.pk]))


@screen("rehearsals.run")
@require_POST
def steer(request: HttpRequest, number: int, what: str) -> HttpResponse:
    """Stop it, or count again after its end."""
    act = {"stop": operations.stop, "count": operations.count_again}
    _found(number)
    if what not in act:
        raise Http404("There is no such act.")
    try:
        act[what](number=number, by=authorize(request.user, "rehearsals.run"))
    except RehearsalRefused as refusal:
        return refuse(request, refusal)
    return HttpResponseRedirect(reverse("rehearsals:one", args=[number]))


def _only_in_a_demo() -> None:
    if not settings.REVOPS_DEMO:
        raise Http404("Rehearsals are for a demo only.")


def _found(number: int) -> Rehearsal:
    _only_in_a_demo()
    found = Rehearsal.objects.select_related("by").filter(pk=number).first()
    if found is None:
        raise Http404(f"There is no rehearsal RHS-{number}.")
    return found


def _listed(
    request: HttpRequest, *, error: str = "", chosen: Sequence[str] | None = None, status: int = 200
) -> HttpResponse:
    state = _PAGES.read(request.GET)
    earlier = Rehearsal.objects.select_related("by").prefetch_related("drills").order_by("-pk")
    page = numbered_page(earlier, number=state.one("page"))
    context = {
        "drills": _choices(chosen),
        "lasts": catalogue.lasts(catalogue.DRILLS),
        "patience": catalogue.PATIENCE_S // 60,
        "running": queries.live(),
        "problem": doors.why_not([STRIPE, ERP]),
        "may_start": may(request.user, "rehearsals.run"),
        "error": error,
        "state": state, "page": page, "noun": "rehearsals", "path": reverse("rehearsals:list"),
        "rows": [(one, *_tag(one.state), _came_to(one)) for one in page.rows],
    }  # fmt: skip
    return render_page(request, "rehearsals/list.html", context, status=status)


def _choices(chosen: Sequence[str] | None) -> list[tuple[catalogue.Drill, bool, str]]:
    """Each drill, whether it is ticked, and whom it strikes."""
    known = systems.all_of()
    return [
        (
            one, chosen is None or one.slug in chosen,
            ", ".join(strike.system.label for strike in systems.strikes(one, known)),
        )
        for one in catalogue.DRILLS
    ]  # fmt: skip


def _came_to(one: Rehearsal) -> verdict.Verdict | None:
    report = read(one.counted) if one.state not in LIVE else None
    return verdict.of(report) if report else None


def _tag(state: str) -> tuple[str, str]:
    return _LOOK.get(state, state), _WORDS.get(state, "")


def _context(request: HttpRequest, found: Rehearsal) -> dict[str, Any]:
    report = read(found.counted)
    rows = [
        (one, catalogue.drill(one.slug), catalogue.title_of(one.slug), *_tag(one.state))
        for one in found.drills.order_by("position")
    ]
    over = sum(one.state not in ("waiting", "running") for one, *_ in rows)
    look, word = _tag(found.state)
    return {
        "rehearsal": found, "look": look, "word": word, "rows": rows, "over": over,
        "live": found.state in LIVE,
        "may_stop": found.state in (RehearsalState.RUNNING, RehearsalState.SETTLING)
        and may(request.user, "rehearsals.run"),
        "may_count": found.state not in LIVE and may(request.user, "rehearsals.run"),
        "may_see_cases": may(request.user, "cases.view"),
        "path": reverse("rehearsals:one", args=[found.pk]),
        "at": clock.now(),
        **(_of_report(report) if report else {}),
    }  # fmt: skip


def _of_report(report: Report) -> dict[str, Any]:
    return {
        "report": report,
        "counted_at": datetime.fromisoformat(report.at),
        "verdict": verdict.of(report),
        "lines": [
            (
                line,
                [(number, Money(minor, line.currency)) for number, minor in
                 (line.billing, line.erp, line.console)],
            )
            for line in report.lines
        ],
        "ends": [
            (end, _WHAT[end.where or end.what], Money(end.minor, end.currency))
            for end in report.ends
        ],
        "standing": [(cause, kinds.described(cause.kind)) for cause in report.standing],
    }  # fmt: skip
