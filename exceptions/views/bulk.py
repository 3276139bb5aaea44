"""From ticked rows, or all that match, to a draft of a job; and taking one row on at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.queries import authorize
from exceptions import bulk, filters, operations
from exceptions.operations import CaseRefused
from exceptions.queries.choices import choices_for
from exceptions.queries.closes import RESOLVE
from exceptions.queries.selection import Selection
from exceptions.views.saved import read_state
from revops.jobs import operations as jobs
from revops.kernel import clock
from revops.web.filters import State
from revops.web.htmx import refuse
from revops.web.policy import screen

_MOST_PICKS: Final = 500
_AT_ONCE: Final = 500
_SPANS: Final = {"4h": timedelta(hours=4), "1d": timedelta(days=1), "7d": timedelta(days=7)}
_TITLES: Final = {
    "retry": (bulk.RETRY, "Retry"),
    "assign": (bulk.ASSIGN, "Assign"),
    "snooze": (bulk.SNOOZE, "Snooze"),
    "resolve": (RESOLVE, "Close without a fix"),
}


@screen("cases.claim")
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Freeze what was chosen and show its preview; nothing is done yet."""
    by = authorize(request.user, "cases.claim")
    act = request.POST.get("act", "")
    if act not in _TITLES:
        return refuse(request, "Choose what to do.", status=422, title="Nothing chosen")
    state, _ = read_state(request.GET, choices_for(by.pk))
    picks = request.POST.getlist("pick")[:_MOST_PICKS]
    everything = request.POST.get("scope") == "filter"
    if not picks and not everything:
        return refuse(request, "Tick at least one row.", status=422, title="Nothing chosen")
    by_case = filters.by_case(state)
    selection = filters.selection_of(state, at=clock.now(), person=by.pk)
    selection = selection.looked_up(cases=by_case)
    ids, causes = _chosen(selection, picks, everything=everything, by_case=by_case)
    try:
        options = options_of(request, act, causes)
    except CaseRefused as refusal:
        return refuse(request, refusal, status=422, title="Not understood")
    kind, title = _TITLES[act]
    job = jobs.draft(
        kind=kind, ids=ids, by=by, title=title, options=options,
        scope_text=_words(state, picks, everything=everything, by_case=by_case),
    )  # fmt: skip
    return HttpResponseRedirect(reverse("jobs:job", args=[job.pk]))


@screen("cases.claim")
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """
    Take what is ticked on oneself, at once: it changes no money and is given back as easily. More
    than some hundred cases are a job.
    """
    by = authorize(request.user, "cases.claim")
    state, _ = read_state(request.GET, choices_for(by.pk))
    picks = request.POST.getlist("pick")[:_MOST_PICKS]
    if not picks:
        return refuse(request, "Tick at least one row.", status=422, title="Nothing chosen")
    by_case = filters.by_case(state)
    selection = filters.selection_of(state, at=clock.now(), person=by.pk)
    selection = selection.looked_up(cases=by_case)
    ids, _ = _chosen(selection, picks, everything=False, by_case=by_case)
    if len(ids) > _AT_ONCE:
        words = _words(state, picks, everything=False, by_case=by_case)
        job = jobs.draft(
            kind=bulk.ASSIGN, ids=ids, by=by, options={"assignee": by.pk}, scope_text=words
        )
        return HttpResponseRedirect(reverse("jobs:job", args=[job.pk]))
    count = len(operations.assign(case_ids=ids, by=by, assignee_id=by.pk))
    messages.success(request, f"{count:,} case{'' if count == 1 else 's'} yours now.")
    return HttpResponseRedirect(state.address(reverse("exceptions:queue")))


def _chosen(
    selection: Selection, picks: Iterable[str], *, everything: bool, by_case: bool
) -> tuple[list[int], list[str]]:
    """The ids, oldest first, within what the address shows; and the causes that were ticked."""
    found = selection.cases()
    causes: list[str] = []
    if not everything:
        if by_case:
            found = found.filter(pk__in=[int(one) for one in picks if one.isdigit()])
        else:
            causes = [one for one in picks if len(one) <= 64]
            found = found.filter(cause_key__in=causes)
    ids = found.order_by("opened_at", "pk").values_list("pk", flat=True)[: jobs.MOST]
    return list(ids), causes


def options_of(request: HttpRequest, act: str, causes: list[str]) -> dict[str, Any]:
    """What the form says of an act, as a job keeps it. Raises CaseRefused."""
    given = request.POST
    if act == "retry":
        return {"remedy": ""}
    if act == "assign":
        who = given.get("who", "")
        kind, _, value = who.partition(":")
        if kind == "team" and value in filters.choices_of_teams():
            return {"assignee": None, "team": value}
        if who == "me" or (kind == "person" and value.isdigit() and len(value) < 18):
            return {"assignee": request.user.pk if who == "me" else int(value), "team": ""}
        raise CaseRefused("Say to whom.")
    if act == "snooze":
        until = _until(given.get("until", ""))
        worse = _number(given.get("more_cases", "")), _number(given.get("more_percent", ""))
        alone = given.get("until") == "worse" and not causes
        if until is None and not any(worse) and not alone:
            raise CaseRefused("Say until when, or how much worse it must get.")
        return {
            "until": until.isoformat() if until else None, "causes": causes,
            "more_cases": worse[0], "more_percent": worse[1],
        }  # fmt: skip
    return {}


def _until(text: str) -> datetime | None:
    """One of the spans, or a moment in the reader's own zone. Raises CaseRefused."""
    if text in _SPANS:
        return clock.now() + _SPANS[text]
    if text in ("", "worse"):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CaseRefused("That is no time.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.get_current_timezone())


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) <= 5 else None


def _words(state: State, picks: list[str], *, everything: bool, by_case: bool) -> str:
    """What was chosen, in words."""
    where = filters.words_of(state)
    if everything:
        return f"All that match: {where}"
    noun = "case" if by_case else "cause"
    return f"{len(picks):,} {noun}{'' if len(picks) == 1 else 's'} ticked under: {where}"
