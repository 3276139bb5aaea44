"""The pages of events: the list with its histogram, one event, and the list as a file."""

from __future__ import annotations

from typing import Any, Final, cast

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import may
from accounts.roles import who_may
from revops.console.events import detail as one_event
from revops.console.events import filters, histogram, reading
from revops.kernel import clock
from revops.web import revealing
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.filters import State
from revops.web.htmx import render_page
from revops.web.policy import screen
from revops.web.revealing import RevealableRequest, revealable

REPLAY: Final = "cases.replay"
_EMPTY: Final = {
    "in": "No event has come yet", "dead": "Nothing was put aside", "out": "Nothing was sent yet",
}  # fmt: skip


@screen("lineage.view")
@require_GET
def events(request: HttpRequest) -> HttpResponse:
    """Every event, the newest first; dead letters; what was sent."""
    state = _state(request)
    at = clock.now()
    show = state.one("show")
    page = reading.page_of(state, at=at)
    first = not (state.one("after") or state.one("before"))
    context: dict[str, Any] = {
        "state": state,
        "path": request.path,
        "page": page,
        "rows": [reading.row_of(one) for one in page.rows],
        "show": show,
        "out": show == "out",
        "empty": _EMPTY[show],
        "noun": "commands" if show == "out" else "events",
        "form": state.form("q", "system", *(("type", "state") if show == "in" else ()), "last"),
        "tabs": _tabs(request.path, state, at=at),
        "tail": state.one("tail") == "on" and first and show != "out",
        "may_tail": first and show != "out",
        "may_rehearse": may(request.user, "payload.view"),
        "replay": _replay_address(state) if show != "out" and may(request.user, REPLAY) else "",
    }
    if show != "out":
        context |= _drawn(request.path, state, at=at)
    return render_page(
        request, "events/events.html", context, fragments={"list": "list"},
        address=state.address(request.path),
    )  # fmt: skip


@screen("lineage.view")
@file_of("events")
def events_csv(request: HttpRequest) -> StreamingHttpResponse:
    """The current filter as CSV."""
    at = clock.now()
    return csv_file("events", reading.COLUMNS, reading.every(_state(request), at=at), at=at)


@screen("lineage.view")
@require_GET
@revealable("payload.reveal")
def event(request: HttpRequest, number: int) -> HttpResponse:
    """One event, whole."""
    found = one_event.detail(number)
    if found is None:
        raise Http404(f"There is no event EVT-{number}.")
    may_read = may(request.user, "payload.view")
    bare = may_read and cast(RevealableRequest, request).reveal.until is not None
    context = {
        "found": found,
        "event": found.event,
        "title": reading.type_of(found.event),
        "check": one_event.check(found.event) if may_read else None,
        "meanings": [(one, one_event.meaning_words(one)) for one in found.meanings],
        "may_read": may_read,
        "who_reads": who_may("payload.view"),
        "payload": one_event.payload(found.event, revealed=bare) if may_read else "",
        "changed": one_event.changed(found, revealed=bare) if may_read else [],
        "may_cases": may(request.user, "cases.view"),
        "may_books": may(request.user, "books.view"),
        "may_replay": may(request.user, REPLAY),
    }
    return render_page(request, "events/event.html", context)


@screen("payload.reveal")
@require_POST
def reveal(request: HttpRequest, number: int) -> HttpResponse:
    """Show an event's payload unmasked for a minute, with a reason."""
    found = one_event.detail(number)
    if found is None:
        raise Http404(f"There is no event EVT-{number}.")
    entity = next((one.legal_entity for one in found.meanings if one.legal_entity), "")
    return revealing.answer(
        request, reverse("events:event", args=[number]), action="payload.reveal", kind="event",
        reference=f"EVT-{number}", label=found.event.type, entity=entity,
    )  # fmt: skip


def _state(request: HttpRequest) -> State:
    return filters.EVENTS.read(request.GET, choices=filters.choices(request.GET.get("type", "")))


def _replay_address(state: State) -> str:
    """The dry run of what the list shows; of all there is, somebody chooses first."""
    return state.changed({"tail": "", "rows": ""}).address(reverse("events:replay"))


def _tabs(path: str, state: State, *, at: Any) -> list[dict[str, Any]]:
    dead = reading.dead_letters(filters.chosen_of(state, at=at))
    return [
        {
            "name": name,
            "label": label,
            "count": f"{dead:,}" if name == "dead" and dead else "",
            "current": state.one("show") == name,
            "address": state.changed(
                {"show": name, "state": "", "tail": "", "type": "" if name == "out" else
                 state.one("type") if state.one("show") != "out" else ""}
            ).address(path),
        }
        for name, label in filters.SHOWN.items()
    ]  # fmt: skip


def _drawn(path: str, state: State, *, at: Any) -> dict[str, Any]:
    chosen = filters.chosen_of(state, at=at)
    untimed = state.changed({"since": "", "until": "", "last": ""})
    rows = filters.chosen_of(untimed, at=at).events()
    bars = histogram.bars_of(rows, since=chosen.since, until=chosen.until, at=at)
    addresses = [
        untimed.changed({
            "since": filters.instant(bar.since.isoformat()),
            "until": filters.instant(bar.until.isoformat()), "tail": "",
        }).address(path)
        for bar in bars
    ]  # fmt: skip
    return {
        "bars": bars,
        "counted": any(bar.count for bar in bars),
        "drawing": histogram.drawing(bars, addresses),
    }
