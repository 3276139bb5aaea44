"""One cause: its money, its cases, the fix beside them, and one act for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import authorize, may
from exceptions import bulk, filters, fixes, kinds, operations
from exceptions.fixes import FixRefused
from exceptions.kinds import RemedyUnknown
from exceptions.models import Case, CaseState, Cause
from exceptions.queries import shape
from exceptions.queries.cases import of_cause, page_of_cases
from exceptions.queries.causes import every_cause
from exceptions.queries.choices import choices_for
from exceptions.queries.grouping import causes_like, facts_of, grouped
from exceptions.queries.neighbours import neighbours
from exceptions.queries.people import Seer
from exceptions.queries.selection import Selection
from exceptions.remedies import Preview, preview
from exceptions.replaying import REMEDY, many
from revops.jobs import operations as jobs
from revops.jobs.queries import IN_TRAY
from revops.kernel import clock
from revops.web import charts
from revops.web.filters import Filters, Key
from revops.web.formats import MONTHS, money_text
from revops.web.htmx import render_page
from revops.web.policy import screen

_LIST = Filters(Key("order", default="oldest", choices=filters.CASE_RANKS, chip=False))
# A preview looks at each case; beyond these the page says that it has not looked further.
_LOOKED_AT = 500
_LONGEST = 500


@screen("cases.view")
@require_GET
def cause(request: HttpRequest, key: str) -> HttpResponse:
    """The cause with its cases, its fix, and what each remedy would do to all of them."""
    return _page(request, key, _typed(request.GET))


@screen("cases.retry")
@require_POST
def fix(request: HttpRequest, key: str) -> HttpResponse:
    """Put the fix into force, or ask for it. What was typed wrongly is shown again."""
    authorize(request.user, "cases.view")  # what is refused is said on the page of the cause
    held = Case.objects.filter(cause_key=key).only("kind").first()
    fixer = fixes.of(held.kind) if held else None
    if fixer is None:
        raise Http404("There is no such cause.")
    typed, reason = _typed(request.POST), request.POST.get("reason", "")[:_LONGEST]
    user = cast(User, request.user)
    try:
        done = fixer.apply(key, typed, reason=reason, user=user, at=clock.now())
    except FixRefused as refused:
        return _page(request, key, typed, problem=str(refused), said=reason, status=422)
    request.session[IN_TRAY] = True
    messages.success(request, done.sentence)
    return HttpResponseRedirect(done.address)


def _page(
    request: HttpRequest, key: str, typed: dict[str, str], *, problem: str = "", said: str = "",
    status: int = 200,
) -> HttpResponse:  # fmt: skip
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
    offered = choices_for(request.user.pk)
    days = shape.trend(key, at=selection.at)
    context = {
        "cause": row,
        "state": state,
        "page": page,
        "noun": "cases",
        "previews": _previews(key, row.kind.remedies) if may(request.user, "cases.retry") else (),
        "looked_at": _LOOKED_AT,
        "at": selection.at,
        "places": shape.places(key),
        "days": days,
        "trend": _trend(days),
        "problem": problem,
        "place": neighbours(key, today=selection.at.date()),
        "may_handle": may(request.user, "cases.claim"),
        "workers": [Seer(id, name, works=True) for id, name in offered.people],
        "teams": filters.choices_of_teams(),
        "key": key,
        "grouped": grouped(key),
        **_grouping(request, key),
        **_fix(request, row.kind.slug, key, typed, selection.at, said),
    }
    return render_page(
        request, "exceptions/cause.html", context, fragments={"fix": "fix"},
        address=request.get_full_path() if request.method == "GET" else "", status=status,
    )  # fmt: skip


def _grouping(request: HttpRequest, key: str) -> dict[str, Any]:
    """How it can be grouped otherwise, for who asks for that."""
    if request.GET.get("grouping") != "1" or not may(request.user, "cases.claim"):
        return {}
    return {"grouping": True, "facts": facts_of(key), "like": causes_like(key)}


def _fix(
    request: HttpRequest, kind: str, key: str, typed: dict[str, str], at: datetime, said: str
) -> dict[str, Any]:
    """The fix with its preview, for who may fix; earlier ones for everybody who sees the cause."""
    fixer = fixes.of(kind)
    if fixer is None:
        return {}
    found: dict[str, Any] = {"earlier": fixer.earlier(key, at=at)}
    user = cast(User, request.user)
    if may(user, fixer.action) and may(user, "cases.retry"):
        panel = fixer.panel(key, typed, user=user, at=at)
        seen = None
        if panel is not None and typed and panel.controls:
            seen = fixer.look(key, typed, user=user, at=at)
        found |= {"panel": panel, "seen": seen, "typed": typed, "reason": said}
    return found


def _settled(request: HttpRequest, selection: Selection) -> HttpResponse:
    """Nothing of the cause is open any more: what it was, and the cases that it had."""
    was = Cause.objects.filter(key=selection.cause_key).first()
    if was is None:
        raise Http404("There is no such cause.")
    state = _LIST.read(request.GET)
    page = page_of_cases(
        selection.with_status("resolved"), after=state.one("after"), before=state.one("before")
    )
    fixer = fixes.of(was.kind)
    context = {
        "was": was, "state": state, "page": page, "noun": "cases", "at": selection.at,
        "kind": kinds.described(was.kind), "resolved": True, "key": was.key,
        "grouped": grouped(was.key), "may_handle": may(request.user, "cases.claim"),
        "earlier": fixer.earlier(was.key, at=selection.at) if fixer else (),
    }  # fmt: skip
    return render_page(request, "exceptions/cause_settled.html", context)


def _typed(data: QueryDict) -> dict[str, str]:
    """The fields of a fix, as they were typed; nothing else of what was sent is looked at."""
    return {
        name.removeprefix(fixes.PREFIX): str(data[name])[:_LONGEST]
        for name in data
        if name.startswith(fixes.PREFIX)
    }


def _trend(days: Sequence[shape.Day]) -> tuple[list[charts.Point], charts.Words] | None:
    if not days:
        return None
    points = [
        charts.Point(
            f"{one.day.day} {MONTHS[one.day.month - 1]}", abs(one.amount.minor),
            money_text(one.amount),
        )
        for one in days
    ]  # fmt: skip
    sentence = (
        f"Money at stake went from {points[0].shown} on {points[0].label} to {points[-1].shown} "
        f"on {points[-1].label}."
    )
    return points, charts.Words("trend", sentence, "Day", "At stake at its end")


def _previews(key: str, slugs: tuple[str, ...]) -> list[Preview]:
    """What can be done now; only when nothing can, what can’t and why."""
    cases = of_cause(key, most=_LOOKED_AT)
    remedies = [kinds.remedy(slug) for slug in slugs]
    every = [preview(cases, remedy) for remedy in remedies if not remedy.page]
    return [one for one in every if one.able] or every


@screen("cases.retry")
@require_POST
def act_on_cause(request: HttpRequest, key: str, remedy: str) -> HttpResponse:
    """Apply a remedy to every case of the cause. One that the person does not see is not there."""
    if not Case.objects.filter(cause_key=key).exists():
        raise Http404("There is no such cause.")
    if _one_by_one(remedy):
        raise Http404("Each case of it is looked at for itself.")
    by = authorize(request.user, "cases.retry")
    waiting = Case.objects.exclude(state=CaseState.RESOLVED).filter(cause_key=key)
    if remedy == REMEDY and many(waiting, remedy=REMEDY).needs_two:
        ids = list(waiting.order_by("opened_at", "pk").values_list("pk", flat=True)[: jobs.MOST])
        job = jobs.draft(
            kind=bulk.RETRY, ids=ids, by=by, title="Replay", options={"remedy": REMEDY},
            scope_text=f"all cases of the cause {key}",
        )  # fmt: skip
        return HttpResponseRedirect(reverse("jobs:job", args=[job.pk]))
    try:
        outcome = operations.retry_cause(cause_key=key, remedy=remedy, by=by)
    except RemedyUnknown as error:
        raise Http404(str(error)) from None
    level = messages.success if outcome.done else messages.warning
    level(request, outcome.sentence)
    return HttpResponseRedirect(reverse("exceptions:cause", args=[key]))


def _one_by_one(remedy: str) -> bool:
    try:
        return bool(kinds.remedy(remedy).page)
    except RemedyUnknown:
        return False
