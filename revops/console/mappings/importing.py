"""A file comes in: everything is checked first, and nothing is saved unless all of it is right."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from revops.console.mappings import keys
from revops.console.mappings.files import (
    LARGEST,
    Sheet,
    as_text,
    columns_of,
    read,
    with_errors,
)
from revops.console.mappings.views import kind_of
from revops.kernel import clock
from revops.mappings.kinds import Known, MapKind
from revops.mappings.operations import sets
from revops.mappings.operations.checking import check
from revops.mappings.queries import slots_of
from revops.web.csv_files import csv_file
from revops.web.exports import file_of
from revops.web.htmx import ConsoleRequest, render_page
from revops.web.policy import screen
from revops.web.tables import FileRefused

_SHOWN: Final = 50


@screen("mappings.propose")
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, kind: str) -> HttpResponse:
    """The form; a good file becomes a change set of its own, a bad one is told row by row."""
    chosen = kind_of(kind, every=True)
    if request.method == "GET":
        return _page(request, chosen)
    given = request.FILES.get("file")
    if given is None:
        return _page(request, chosen, problem="Choose a file first.", status=422)
    if (given.size or 0) > LARGEST:
        problem = f"The file is larger than {LARGEST // 1024 // 1024} MB."
        return _page(request, chosen, problem=problem, status=422)
    name = (given.name or "")[:200]
    try:
        sheet = _checked(chosen, name, given.read())
    except FileRefused as refused:
        return _page(request, chosen, problem=str(refused), status=422)
    if sheet.wrong:
        return _page(request, chosen, sheet=sheet, name=name, status=422)
    if not sheet.changes:
        problem = "Every row of it stands already: there is nothing to change."
        return _page(request, chosen, problem=problem, status=422)
    try:
        held = sets.put(
            kind=chosen, changes=sheet.changes, by=cast(ConsoleRequest, request).user,
            source=name or "file", keys=keys.known(chosen),
        )  # fmt: skip
    except sets.SetRefused as refused:
        return _page(request, chosen, problem=str(refused), status=422)
    left = f" {sheet.unchanged:,} rows stand already." if sheet.unchanged else ""
    messages.success(request, f"{len(sheet.changes):,} rows are in {held}.{left}")
    return HttpResponseRedirect(reverse("mappings:set", args=[held.pk]))


@screen("mappings.propose")
@file_of("rows that cannot be imported")
def errors(request: HttpRequest, kind: str) -> HttpResponseBase:
    """The same rows again, with a last column that says what is wrong with each."""
    chosen = kind_of(kind, every=True)
    try:
        sheet = _checked(chosen, "rows.csv", request.POST.get("rows", "").encode())
    except FileRefused as refused:
        return _page(request, chosen, problem=str(refused), status=422)
    header, lines = with_errors(sheet)
    return csv_file(f"{chosen.slug}-errors", header, lines, at=clock.now())


def _checked(kind: MapKind, name: str, content: bytes) -> Sheet:
    held = slots_of(kind)
    sheet = read(kind, name, content, held)
    found = check(kind, sheet.changes, held=held, known=Known.now(), keys=keys.known(kind))
    for place, told in zip(sheet.places, found.problems, strict=True):
        sheet.problems[place].update(told)
    return sheet


def _page(
    request: HttpRequest, kind: MapKind, *, problem: str = "", sheet: Sheet | None = None,
    name: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    wrong: list[Any] = []
    if sheet is not None:
        wrong = [
            (number + 2, ", ".join(cell for cell in row if cell), " ".join(told.values()))
            for number, (row, told) in enumerate(zip(sheet.rows, sheet.problems, strict=True))
            if told
        ]
    context = {
        "kind": kind,
        "columns": columns_of(kind),
        "problem": problem,
        "sheet": sheet,
        "name": name,
        "wrong": wrong[:_SHOWN],
        "count": len(wrong),
        "text": as_text(sheet) if wrong and sheet else "",
        "choices": [one for one in kind.values if one.choices],
        "most": sets.MOST_ROWS,
    }
    return render_page(request, "mappings/import.html", context, status=status)
