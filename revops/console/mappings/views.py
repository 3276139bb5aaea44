"""The grid of one kind of map: what counts, what will, what is missing, and a row in edit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Final, cast

from django.contrib import messages
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
    QueryDict,
)
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import may
from revops.console.mappings import beginning, keys, matrix
from revops.console.mappings.editing import typed
from revops.console.mappings.files import columns_of, lines_of, spreadsheet
from revops.console.mappings.grid import SOURCED, Grid, fill, furnished, proposal
from revops.console.mappings.history import history_of
from revops.console.mappings.showing import shown_set
from revops.kernel import clock
from revops.mappings.kinds import GRID, KindUnknown, MapKind, get
from revops.mappings.models import ChangeRow, SetState
from revops.mappings.operations import sets
from revops.mappings.queries import rows_of
from revops.pipeline.changes.forecast import coming
from revops.pipeline.changes.gaps import Gap, gaps
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.filters import Filters, Key, State
from revops.web.htmx import ConsoleRequest, render_page
from revops.web.pagination import numbered_page, page_size
from revops.web.policy import screen

FIRST: Final = "tax-codes"
_ABOVE: Final = 8
"""So many gaps stand above the grid."""
TABS: Final = {
    "current": "Current", "scheduled": "Scheduled", "gaps": "Gaps", "conflicts": "Conflicts",
    "history": "History",
}  # fmt: skip


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


_FILTERS: Final = Filters(
    Key("tab", default="current", choices=TABS, chip=False),
    Key("q", label="Code, label or account"),
    Key("source", label="Source"),
    Key("on", label="Valid on", accept=_day, typed="day"),
    Key("edit", chip=False),
    Key("key", chip=False),
    Key("of", chip=False),
    Key("from", chip=False, accept=_day),
    Key("account", chip=False),
)


@screen("mappings.view")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    return _page(request, get(FIRST))


@screen("mappings.view")
@require_GET
def grid(request: HttpRequest, kind: str) -> HttpResponse:
    """One kind: gaps on top, then the rows of the chosen tab."""
    return _page(request, kind_of(kind))


@screen("mappings.propose")
@require_POST
def put(request: HttpRequest, kind: str) -> HttpResponse:
    """Save one row into a change set of one's own; what is wrong comes back in the row."""
    chosen = kind_of(kind, every=True)
    change, problems = typed(chosen, request.POST)
    if not problems:
        try:
            held = sets.put(
                kind=chosen, changes=[change], by=cast(ConsoleRequest, request).user,
                keys=keys.known(chosen),
            )  # fmt: skip
        except sets.SetRefused as refused:
            told = refused.checked.problems[0] if refused.checked else {}
            problems = told or {"op": str(refused)}
        else:
            messages.success(request, f"Saved to {held}. Nothing is in force yet.")
            return HttpResponseRedirect(reverse("mappings:set", args=[held.pk]))
    if chosen.slug in ("ownership", "routes"):
        return matrix.page(request, chosen, problems)
    return _page(request, chosen, problems=problems, status=422)


@screen("mappings.view")
@file_of("mappings")
def download(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Every row of the kind that the person sees, as CSV or as a spreadsheet."""
    chosen = kind_of(kind, every=True)
    rows = rows_of(chosen)
    dated = ["version", "changed", "changed_by"] if chosen.dated else []
    header = [*columns_of(chosen), *dated]
    if request.POST.get("as") != "xlsx":
        return csv_file(chosen.slug, header, lines_of(chosen, rows), at=clock.now())
    answer = HttpResponse(
        spreadsheet(header, lines_of(chosen, rows)),
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    )
    name = f"{chosen.slug}-{clock.now():%Y-%m-%d}.xlsx"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def kind_of(slug: str, *, every: bool = False) -> MapKind:
    """The kind of the address. Raises Http404."""
    try:
        found = get(slug)
    except KindUnknown as error:
        raise Http404(str(error)) from error
    if not every and found not in GRID:
        raise Http404(f"{found.label} has a page of its own.")
    return found


def _page(
    request: HttpRequest, kind: MapKind, *, problems: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:  # fmt: skip
    now = clock.now()
    today = now.date()
    found = furnished(kind)
    state = _FILTERS.read(request.GET, choices={"source": found.sources})
    on = date.fromisoformat(state.one("on")) if state.one("on") else today
    entity, source = state.one("entity"), state.one("source")
    fill(found, on=on, words=state.one("q"), entity=entity, source=source)
    missing = [one for one in gaps(at=now) if not entity or one.entity in ("", entity)]
    future = coming(today=today)
    own_gaps = [one for one in missing if one.kind.slug == kind.slug]
    proposes = may(request.user, "mappings.propose")
    tab = state.one("tab")
    listed_gaps = [one for one in own_gaps if source in ("", one.system)]
    shown: dict[str, Sequence[Any]] = {
        "current": found.current, "scheduled": found.scheduled, "conflicts": found.conflicts,
        "history": history_of(kind) if tab == "history" else [], "gaps": listed_gaps,
    }  # fmt: skip
    rows = shown.get(tab, [])
    page = numbered_page(rows, number=state.one("page"), size=page_size(state.one("rows")))
    editor = None
    if proposes:
        editor = (
            beginning.typed_again(request.POST, kind, found, problems)
            if problems
            else beginning.of(kind, state, found)
        )
    context = {
        "kind": kind,
        "kinds": _kinds(kind, missing, {one.kind.slug for one in future}),
        "state": state,
        "path": request.path,
        "page": page,
        "noun": "gaps" if tab == "gaps" else "rows",
        "tab": tab,
        "tabs": _tabs(state, found, own_gaps, kind),
        "form": state.form("q", *_narrowed_by(kind)),
        # The dearest stand above every tab; their own tab has them all, page by page.
        "gaps": [_gap(one, found) for one in (page.rows if tab == "gaps" else own_gaps[:_ABOVE])],
        "gap_count": len(own_gaps),
        "all_gaps": state.changed({"tab": "gaps"}).address(request.path),
        "gap_cases": sum(one.held.cases for one in own_gaps),
        "coming": [one for one in future if one.kind.slug == kind.slug],
        "coming_from": future[0].first if future else None,
        "editor": editor,
        "proposes": proposes,
        "on": on,
        "today": today,
        "version": found.version,
        "change": _latest(found, request),
        "status_words": TABS[tab],
    }
    return render_page(
        request, "mappings/grid.html", context, fragments={"list": "list"}, status=status,
        address=state.address(request.path),
    )  # fmt: skip


def _kinds(
    here: MapKind, missing: Sequence[Gap], soon: set[str]
) -> list[tuple[MapKind, str, bool, int, bool]]:
    """(kind, address, current, gaps, soon to fail)."""
    counts: dict[str, int] = {}
    for one in missing:
        counts[one.kind.slug] = counts.get(one.kind.slug, 0) + 1
    return [
        (
            kind, reverse("mappings:grid", args=[kind.slug]), kind is here,
            counts.get(kind.slug, 0), kind.slug in soon,
        )
        for kind in GRID
    ]  # fmt: skip


def _tabs(
    state: State, found: Grid, missing: Sequence[Gap], kind: MapKind
) -> list[tuple[str, str, bool, int | None]]:
    counts: dict[str, int | None] = {
        "current": len(found.current), "scheduled": len(found.scheduled), "gaps": len(missing),
        "conflicts": len(found.conflicts), "history": None,
    }  # fmt: skip
    path = reverse("mappings:grid", args=[kind.slug])
    closed = state.changed(dict.fromkeys(("edit", "key", "of", "from", "account")))
    return [
        (word, closed.changed({"tab": tab}).address(path), tab == state.one("tab"), counts[tab])
        for tab, word in TABS.items()
        if kind.dated or tab not in ("scheduled",)
    ]


def _gap(gap: Gap, found: Grid) -> tuple[Gap, str, str, int | None]:
    """(the gap, the address that maps it, what sister codes say, the set that it is in)."""
    _, words = proposal(found.current, key=gap.key, entity=gap.entity)
    asked = {
        "edit": "new",
        "key": gap.key,
        "of": gap.entity,
        "from": gap.starts.isoformat() if gap.starts else "",
    }
    path = reverse("mappings:grid", args=[gap.kind.slug])
    address = f"{_FILTERS.read(QueryDict()).changed(asked).address(path)}#editor"
    changing = found.changing.get((gap.entity, gap.key))
    return gap, address, words, changing


def _narrowed_by(kind: MapKind) -> list[str]:
    return ["source"] * (kind.slug in SOURCED) + ["on"] * kind.dated


def _latest(found: Grid, request: HttpRequest) -> dict[str, Any] | None:
    """One's own draft of this kind, or the set that waits, to be shown under the grid."""
    user = cast(ConsoleRequest, request).user
    rows: dict[int, list[ChangeRow]] = {}
    for row in found.pending:
        rows.setdefault(row.change_set_id, []).append(row)
    newest = [rows[pk][0].change_set for pk in sorted(rows, reverse=True)]
    mine = (one for one in newest if one.state in sets.EDITABLE and one.made_by_id == user.pk)
    waiting = (one for one in newest if one.state == SetState.WAITING)
    held = next(mine, None) or next(waiting, None)
    return shown_set(held, user, every=rows[held.pk]) if held else None
