"""Home: what needs the person now, by what their roles let them see."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.queries import may
from exceptions.queries.cases import page_of_cases
from exceptions.queries.causes import page_of_causes
from exceptions.queries.readiness import unreviewed_emergencies
from exceptions.queries.selection import Selection
from exceptions.queries.totals import figures
from revops.alerts.queries.listing import unanswered
from revops.console.queries.home import newest_postings, targets
from revops.credits.queries import desk
from revops.kernel import clock
from revops.web.filters import Filters
from revops.web.htmx import render_page
from revops.web.pagination import Page
from revops.web.policy import screen

_HOME = Filters()
_CAUSES = 5
_CASES = 5


@screen("home.view")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The verdict first, then lists that a role may open; nothing that it may not."""
    state = _HOME.read(request.GET)
    now = clock.now()
    selection = Selection(
        at=now, entity=state.one("entity"), period=state.one("period"), person=request.user.pk
    )
    context: dict[str, Any] = {
        "at": now,
        "scope": f"?{state.query}" if state.query else "",
        "may_find": may(request.user, "lineage.view"),
    }
    if may(request.user, "cases.view"):
        context |= _cases(selection.looked_up())
    if may(request.user, "support.view"):
        assert isinstance(request.user, User)
        context["desk"] = desk.home(request.user, at=now)
    if may(request.user, "break_glass.review"):
        context["unreviewed"] = unreviewed_emergencies(at=now, entity=state.one("entity"))
    if may(request.user, "alerts.acknowledge"):
        context["alerts"] = unanswered(entity=state.one("entity"))
    if context["may_find"]:
        context["postings"] = newest_postings()
    if may(request.user, "connections.view"):
        context["targets"] = targets()
    return render_page(request, "console/home.html", context)


def _cases(selection: Selection) -> dict[str, Any]:
    causes = page_of_causes(selection, size=_CAUSES)
    found = figures(selection)
    doubt: Page[Any] | None = None
    if found.by_state.get("in_doubt"):
        doubt = page_of_cases(
            selection.with_status("in_doubt"), size=_CASES, known=found.by_state["in_doubt"]
        )
    mine = selection.with_status("mine")
    return {
        "may_cases": True, "causes": causes, "figures": found, "doubt": doubt,
        "mine": page_of_causes(mine, size=_CAUSES) if found.by_tab["mine"] else None,
        "blocks": figures(selection.with_status("blocks")) if found.by_tab["blocks"] else None,
    }  # fmt: skip
