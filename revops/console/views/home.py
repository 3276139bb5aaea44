"""Home: what needs the person now, by what their roles let them see."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.models import User
from accounts.queries import may
from approvals.queries.standing import waiting_for
from exceptions.queries.cases import page_of_cases
from exceptions.queries.causes import page_of_causes
from exceptions.queries.news import news
from exceptions.queries.readiness import unreviewed_emergencies
from exceptions.queries.selection import Selection
from exceptions.queries.totals import figures
from revops.alerts.queries.listing import unanswered
from revops.close.certificate.queries import held_for, offered
from revops.console.queries.home import left_at, matches, newest_postings, targets
from revops.console.queries.leading import leading
from revops.console.queries.operating import operates, operating
from revops.credits.queries import desk
from revops.kernel import clock
from revops.web import nav
from revops.web.filters import Filters
from revops.web.htmx import render_page
from revops.web.pagination import Page
from revops.web.policy import screen

_HOME = Filters()
_CAUSES = 5
_CASES = 5
_DAY = timedelta(days=1)
_LEFT = "left"


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
    assert isinstance(request.user, User)
    leads = may(request.user, "close.sign")
    close = leading(request.user, at=now, entity=state.one("entity")) if leads else None
    context["leading"] = close
    if may(request.user, "cases.view"):
        selection = selection.looked_up()
        # Whoever signs closes begins with the close, which names the causes in its way.
        context |= _cases(selection) if close is None else {}
        since = _left(request)
        context["left"] = since
        context["news"] = news(selection, since=since or now - _DAY)
        if may(request.user, "customers.view"):
            context["matches"] = matches()
            context["may_decide"] = may(request.user, "identity.decide")
    if may(request.user, "audit.view"):
        periods = offered(state.one("period"))
        context["audited"] = periods
        context["packs"] = held_for(request.user, periods.chosen)
    if may(request.user, "support.view"):
        assert isinstance(request.user, User)
        context["desk"] = desk.home(request.user, at=now)
    if may(request.user, "break_glass.review"):
        context["unreviewed"] = unreviewed_emergencies(at=now, entity=state.one("entity"))
    if may(request.user, "alerts.acknowledge"):
        context["alerts"] = unanswered(entity=state.one("entity"))
    if context["may_find"]:
        context["postings"] = newest_postings()
    # Whoever leads a close has them beside it.
    asked = close is None and may(request.user, "approvals.view")
    if asked and nav.asked(request, "approvals_wait"):
        context["approvals"] = waiting_for(request.user)
    if may(request.user, "connections.view"):
        context["targets"] = targets()
    if close is None and operates(request.user):
        causes = context.get("causes")
        rows = causes.rows if causes else ()
        context["operating"] = operating(request.user, context["targets"], rows, at=now)
    context["may_work"] = may(request.user, "cases.claim")
    return render_page(request, "console/home.html", context)


def _left(request: HttpRequest) -> datetime | None:
    """When the person was here before; looked up once in a session."""
    if _LEFT not in request.session:
        assert isinstance(request.user, User)
        found = left_at(request.user)
        request.session[_LEFT] = found.isoformat() if found else ""
    text: str = request.session[_LEFT]
    return datetime.fromisoformat(text) if text else None


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
        "blocks": found.blocking if found.by_tab["blocks"] else None,
    }  # fmt: skip
