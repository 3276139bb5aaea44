"""The workbench: two sides, what is picked of them, and the difference that leaves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from accounts.models import User
from accounts.queries import explain
from approvals.operations import ApprovalRefused
from revops.kernel import clock
from revops.kernel.money import Money
from revops.reconciliation.filters import MATCHING, MATCHING_ORDERS
from revops.reconciliation.forms import MatchForm
from revops.reconciliation.models import Match, Run
from revops.reconciliation.operations import drafts, matching, refusing
from revops.reconciliation.operations.matching import MatchRefused, RowsChanged, Wanted
from revops.reconciliation.queries import leftovers, suggestions
from revops.reconciliation.queries.leftovers import OLDEST, Leftover, id_of
from revops.reconciliation.queries.naming import check_of, name_of, sides_of
from revops.reconciliation.reasons import REASONS, TIMING
from revops.reconciliation.views.finding import run_of
from revops.reconciliation.views.picking import bar_of, side_of
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen

_MATCHES: Final = 12
_USUAL_WAIT: Final = timedelta(days=7)


@screen("reconciliation.view")
@require_http_methods(["GET", "HEAD", "POST"])
def bench(request: HttpRequest, number: int) -> HttpResponse:
    """Pick rows on both sides, see the difference, match."""
    assert isinstance(request.user, User)
    run = run_of(number)
    if request.method != "POST":
        return _page(request, run)
    form, typed = MatchForm(request.POST), request.POST
    wanted = Wanted(typed.getlist("left"), typed.getlist("right"))
    if typed.get("act") in ("check", "pick"):
        drafts.keep(run=run, left=wanted.left, right=wanted.right, by=request.user)
        return HttpResponseRedirect(f"{_address(run)}#bar")
    if typed.get("act") == "refuse":
        return _refuse_suggestion(request, run, wanted)
    if not form.is_valid():
        return _page(request, run, form=form, wanted=wanted, status=422)
    wanted = form.wanted(typed)
    try:
        outcome = matching.match(run=run, wanted=wanted, by=request.user)
    except MatchRefused as refusal:
        for name, sentence in refusal.problems.items():
            form.add_error(name if name in form.fields else None, sentence)
        return _page(request, run, form=form, wanted=wanted, status=422)
    except RowsChanged as error:
        return _page(request, run, status=409, changed=str(error))
    except ApprovalRefused as refusal:
        return refuse(request, refusal)
    if outcome.until is not None:
        messages.success(request, f"It waits for its counterpart until {outcome.until}.")
    elif outcome.match is None:
        messages.success(request, f"{outcome.request} waits for somebody to agree.")
    else:
        money = Money(outcome.match.left_amount, outcome.match.currency)
        messages.success(request, f"Matched {len(wanted.left)} to {len(wanted.right)}, {money}.")
    return HttpResponseRedirect(_address(run))


def _refuse_suggestion(request: HttpRequest, run: Run, wanted: Wanted) -> HttpResponse:
    assert isinstance(request.user, User)
    try:
        refusing.refuse(run=run, left=wanted.left, right=wanted.right, by=request.user)
    except MatchRefused as refusal:
        return refuse(request, refusal)
    messages.success(request, "It is not suggested any more. You can still match these rows.")
    return HttpResponseRedirect(_address(run))


@screen("reconciliation.run")
@require_POST
def draft(request: HttpRequest, number: int) -> HttpResponse:
    """Keep what is picked, whenever it changes."""
    assert isinstance(request.user, User)
    typed = request.POST
    drafts.keep(
        run=run_of(number), left=typed.getlist("left"), right=typed.getlist("right"),
        by=request.user,
    )  # fmt: skip
    return HttpResponse(status=204)


@screen("reconciliation.run")
@require_POST
def release(request: HttpRequest, number: int, match: int) -> HttpResponse:
    """Take a match apart."""
    assert isinstance(request.user, User)
    run = run_of(number)
    found = Match.objects.filter(pk=match, pair_id=run.pair_id).select_related("legal_entity")
    made = found.filter(legal_entity_id=run.legal_entity_id).first()
    if made is None:
        raise Http404("There is no such match.")
    try:
        matching.release(match=made, by=request.user, why=request.POST.get("why", ""))
    except MatchRefused as refusal:
        return refuse(request, refusal)
    messages.success(request, "The match is released. Its rows are left over again.")
    return HttpResponseRedirect(_address(run))


def _page(
    request: HttpRequest,
    run: Run,
    *,
    form: MatchForm | None = None,
    wanted: Wanted | None = None,
    status: int = 200,
    changed: str = "",
) -> HttpResponse:
    assert isinstance(request.user, User)
    state, left_over = MATCHING.read(request.GET), leftovers.of(run)
    held, gone = _picks(run, request.user, wanted)
    if gone and not changed:
        changed = f"{', '.join(gone[:3])} changed since you picked it, and is picked no more."
    bar = bar_of(held)
    verdict = explain(request.user, matching.ACTION, entities=[run.legal_entity.code])
    labels = sides_of(run.pair)
    context: dict[str, Any] = {
        "run": run,
        "name": name_of(run.pair),
        "check": check_of(run.pair),
        "sides": (
            left := side_of(run, "left", labels[0], held, state, bar),
            right := side_of(run, "right", labels[1], held, state, bar),
        ),
        "cut": left_over.cut,
        "bar": bar,
        "form": form or MatchForm(initial={"expected_by": _usual_day(run)}),
        "timing": TIMING,
        "reasons": REASONS.values(),
        "suggestions": suggestions.of(run, left_over) if verdict.allowed else [],
        "matches": _matches(run),
        "verdict": verdict,
        "changed": changed,
        "state": state,
        "saved": drafts.of(run, request.user),
        "total": left.total + right.total,
        "looked": leftovers.MOST,
        "orders": MATCHING_ORDERS,
        "sort": state.one("sort") or OLDEST,
    }
    return render_page(request, "reconciliation/match.html", context, status=status)


def _picks(run: Run, user: User, wanted: Wanted | None) -> tuple[list[Leftover], list[str]]:
    """The rows that are picked, and the names of those that no longer read as when picked."""
    if wanted is not None:
        tokens = [*wanted.left, *wanted.right]
        found, _ = leftovers.picked(run, tokens)
        return [row for row in found if row.token in tokens], []
    kept = drafts.of(run, user)
    if kept is None:
        return [], []
    tokens = [*kept.left, *kept.right]
    found, gone = leftovers.picked(run, tokens)
    if gone:
        drafts.forget(run, user, gone=[token for token in tokens if id_of(token) in gone])
    return [row for row in found if row.token in tokens], gone


def _matches(run: Run) -> list[Match]:
    rows = Match.objects.filter(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=run.period_code,
        released_at__isnull=True,
    )  # fmt: skip
    return list(rows.select_related("made_by").prefetch_related("items").order_by("-pk")[:_MATCHES])


def _usual_day(run: Run) -> date:
    """A day by which a difference of timing is usually gone: the pair's lag, or a week."""
    days = run.pair.lag_days
    wait = timedelta(days=days + 1) if days is not None else _USUAL_WAIT
    return max(clock.local_date(clock.now(), run.legal_entity.zone), run.ends) + wait


def _address(run: Run) -> str:
    return reverse("reconciliation:match", args=[run.number])
