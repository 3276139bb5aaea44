"""Replaying: which events, what would come of it, and the job that does it."""

from __future__ import annotations

from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from exceptions import kinds as case_kinds
from revops.console.events import filters
from revops.jobs import operations as jobs
from revops.kernel import clock
from revops.pipeline.replay.chosen import Chosen
from revops.pipeline.replay.kind import ORDERS, RATES, SLUG
from revops.pipeline.replay.limits import ALONE, SHARE_PERCENT, WORTH
from revops.pipeline.replay.rehearse import Pile, dry_run
from revops.pipeline.whatif import MOST
from revops.web.filters import Filters, Key, State
from revops.web.htmx import ConsoleRequest, refuse, render_page
from revops.web.pagination import capped_count
from revops.web.policy import screen

# The list's own keys, and how they are taken through the line.
_CHOOSE: Final = {"show", "q", "system", "type", "state", "last", "since", "until", "event", "case"}
_REPLAY: Final = Filters(
    *(key for key in filters.EVENTS.keys if key.name in _CHOOSE),
    Key("order", default="came", choices=ORDERS, chip=False),
    Key("rate", default="600", choices={str(rate): RATES[rate] for rate in RATES}, chip=False),
)
_NOTHING: Final = "Choose events first: by their system, type, state, time, case or id."
_PILES: Final = {
    Pile.CREATE: ("would create", "ok", "a record or an entry that is not there yet"),
    Pile.UPDATE: ("would update", "info", "a record changes, nothing is booked"),
    Pile.SKIP: ("skip", "none", "already applied, nothing is done again"),
    Pile.WAIT: ("would wait", "wait", "for another record"),
    Pile.FAIL: ("fail next", "crit", "each becomes a case, or stays one"),
}


@screen("cases.replay")
@require_GET
def replay(request: HttpRequest) -> HttpResponse:
    """The dry run of the events that the address chooses; nothing is done yet."""
    state = _state(request)
    chosen = filters.chosen_of(state, at=clock.now())
    narrows = _narrows(chosen)
    count = capped_count(chosen.events(), cap=jobs.MOST) if narrows else None
    run = dry_run(_ids(chosen, state.one("order"), most=MOST)) if narrows else None
    context: dict[str, Any] = {
        "state": state,
        "path": request.path,
        "chosen": narrows,
        "count": count,
        "run": run,
        "most": MOST,
        "piles": [(pile.value, run.counts[pile], *_PILES[pile]) for pile in Pile] if run else (),
        "fails": [
            (case_kinds.described(kind).label, cause, number)
            for kind, cause, number in (run.fails if run else ())
        ],
        "journals": run.journals if run else (),
        "alone": ALONE,
        "worth": WORTH,
        "share": SHARE_PERCENT,
        "form": state.form("q", "system", "type", "state", "last"),
        "orders": ORDERS,
        "rates": RATES,
        "order": state.one("order"),
        "rate": int(state.one("rate")),
        "nothing": _NOTHING,
    }
    return render_page(
        request, "events/replay.html", context, fragments={"list": "list"},
        address=state.address(request.path),
    )  # fmt: skip


@screen("cases.replay")
@require_POST
def draft(request: HttpRequest) -> HttpResponse:
    """Freeze what was chosen and show its preview; it is started there, with a reason."""
    by = cast(ConsoleRequest, request).user
    state = _state(request)
    chosen = filters.chosen_of(state, at=clock.now())
    if not _narrows(chosen):
        return refuse(request, _NOTHING, status=422, title="Nothing chosen")
    order, rate = request.POST.get("order", "came"), request.POST.get("rate", "600")
    if order not in ORDERS or rate not in {str(one) for one in RATES}:
        return refuse(request, "Choose an order and a rate.", status=422, title="Not understood")
    job = jobs.draft(
        kind=SLUG, ids=_ids(chosen, order, most=jobs.MOST), by=by, title="Replay events",
        rate=int(rate), options={"order": order}, scope_text=_words(state),
    )  # fmt: skip
    return HttpResponseRedirect(reverse("jobs:job", args=[job.pk]))


def _state(request: HttpRequest) -> State:
    return _REPLAY.read(request.GET, choices=filters.choices(request.GET.get("type", "")))


def _narrows(chosen: Chosen) -> bool:
    """A legal entity alone is the page's frame, no choice."""
    return chosen.narrows and chosen != Chosen(entity=chosen.entity)


def _ids(chosen: Chosen, order: str, *, most: int) -> list[int]:
    by = ("occurred_at", "id") if order == "happened" else ("id",)
    return list(chosen.events().order_by(*by).values_list("pk", flat=True)[:most])


def _words(state: State) -> str:
    """What was chosen, in words."""
    parts = [f"{chip.label}: {chip.word}" for chip in state.chips]
    if state.one("show") == "dead":
        parts.insert(0, "dead letters")
    if state.one("entity"):
        parts.append(f"Legal entity: {state.one('entity')}")
    return f"Events, {', '.join(parts)}, {ORDERS[state.one('order')]}"
