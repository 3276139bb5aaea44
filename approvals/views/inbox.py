"""The inbox: what waits for the person, beside it the request that they look at."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import authorize
from approvals import operations
from approvals.filters import INBOX, ME, TABS, kinds
from approvals.models import ApprovalRequest
from approvals.operations import ApprovalRefused
from approvals.queries import inbox
from approvals.queries.inbox import Waiting
from approvals.views.paper import Paper, paper
from revops.kernel import clock
from revops.kernel.money import Money
from revops.kernel.privacy import PII
from revops.web.csv_files import Column, csv_file, instant_cell, money_cells
from revops.web.exports import MOST_ROWS, file_of
from revops.web.filters import State as Asked
from revops.web.htmx import refuse, render_page
from revops.web.pagination import numbered_page, page_size
from revops.web.policy import screen

_COLUMNS = (
    "Reference", "Type", Column("Title", PII), "State", "Legal entity", "Tier", "Currency",
    "Amount", Column("Asked by", PII), "Asked at", "Due at", "Ended at", Column("Outcome", PII),
)  # fmt: skip


@screen("approvals.view")
@require_GET
def approvals(request: HttpRequest) -> HttpResponse:
    """The list of a tab, with the chosen request beside it."""
    assert isinstance(request.user, User)
    user, at = request.user, clock.now()
    state = INBOX.read(request.GET, choices={"kind": kinds()})
    everything = inbox.waiting(user, at=at)
    mine = [one for one in everything if one.standing.may]
    tab = state.one("tab")
    context: dict[str, Any] = {
        "state": state,
        "path": request.path,
        "at": at,
        "tab": tab,
        "tab_label": TABS[tab],
        "tabs": [
            (name, label, _count(name, mine, everything), state.changed({"tab": name, "show": ""}))
            for name, label in TABS.items()
        ],
        "form": state.form("kind", "risk", "sort"),
        "noun": "requests",
    }
    if tab in (ME, "team"):
        rows = mine if tab == ME else [one for one in everything if not one.standing.may]
        chosen = _sorted(_chosen(rows, state), state)
        page = numbered_page(chosen, number=state.one("page"), size=page_size(state.one("rows")))
        shown = _shown(page.rows, state.one("show"))
        context |= {
            "page": page,
            "shown": shown.request if shown else None,
            "paper": paper(user, shown.request, at=at) if shown else None,
            "bulk": tab == ME and any(one.in_bulk for one in page.rows),
        }
    else:
        found = inbox.sent(user) if tab == "sent" else inbox.done(user)
        context["page"] = listed = numbered_page(
            _kept(found, state), number=state.one("page"), size=page_size(state.one("rows"))
        )
        decisions = inbox.latest_decisions(listed.rows)
        context["rows"] = [
            (one, inbox.label_of(one.subject), decisions.get(one.pk), _money(one))
            for one in listed.rows
        ]
    return render_page(
        request,
        "approvals/inbox.html",
        context,
        fragments={"list": "list", "pane": "pane"},
        address=state.address(request.path),
    )


def _count(tab: str, mine: Sequence[Waiting], everything: Sequence[Waiting]) -> int | None:
    return {ME: len(mine), "team": len(everything) - len(mine)}.get(tab)


def _kept(found: QuerySet[ApprovalRequest], state: Asked) -> QuerySet[ApprovalRequest]:
    if state.one("kind"):
        found = found.filter(subject=state.one("kind"))
    if state.one("entity"):
        found = found.filter(entity=state.one("entity"))
    return found


def _chosen(rows: Iterable[Waiting], state: Asked) -> list[Waiting]:
    kind, risk, entity = state.one("kind"), state.one("risk"), state.one("entity")
    return [
        one
        for one in rows
        if kind in ("", one.request.subject)
        and entity in ("", one.request.entity)
        and (not risk or one.raised)
    ]


def _sorted(rows: list[Waiting], state: Asked) -> list[Waiting]:
    if state.one("sort") != "amount":
        return rows
    return sorted(rows, key=lambda one: (-(one.request.functional or 0), one.request.pk))


def _shown(rows: Sequence[Waiting], asked: str) -> Waiting | None:
    wanted = [one for one in rows if str(one.request.pk) == asked]
    return wanted[0] if wanted else (rows[0] if rows else None)


def _money(one: ApprovalRequest) -> Money | None:
    return Money(one.amount, one.currency) if one.amount is not None else None


@screen("approvals.view")
@file_of("approvals")
def approvals_csv(request: HttpRequest) -> StreamingHttpResponse:
    """What the person may see, newest first, as a file."""
    assert isinstance(request.user, User)
    state = INBOX.read(request.GET, choices={"kind": kinds()})
    found = _kept(inbox.visible(request.user), state).order_by("-pk")[:MOST_ROWS]
    rows = (
        [
            str(one), inbox.label_of(one.subject), one.title, one.get_state_display(), one.entity,
            str(one.tier), *money_cells(_money(one)),
            one.requested_by.name if one.requested_by else one.rule,
            instant_cell(one.requested_at), instant_cell(one.due_at), instant_cell(one.ended_at),
            one.outcome,
        ]
        for one in found
    )  # fmt: skip
    return csv_file("approvals", _COLUMNS, rows, at=clock.now())


@screen("approvals.decide")
@require_GET
def bulk(request: HttpRequest) -> HttpResponse:
    """What would be approved together: every one of them, and those that are left out with why."""
    assert isinstance(request.user, User)
    picked = _picked(request)
    found = [one for one in inbox.waiting(request.user) if one.request.pk in picked]
    kinds_found = {one.request.subject for one in found if one.in_bulk}
    if not found:
        messages.warning(request, "Tick the requests first; what was decided is left out.")
        return HttpResponseRedirect(reverse("approvals:inbox"))
    if len(kinds_found) > 1:
        return refuse(request, "Tick requests of one type: they are decided together.", status=422)
    papers: list[tuple[Waiting, Paper]] = [
        (one, paper(request.user, one.request, at=clock.now())) for one in found if one.in_bulk
    ]
    context = {
        "papers": papers,
        "left_out": [(one, _why_left_out(one)) for one in found if not one.in_bulk],
        "sums": _sums(papers),
    }
    return render_page(request, "approvals/bulk.html", context)


@screen("approvals.decide")
@require_POST
def bulk_decide(request: HttpRequest) -> HttpResponse:
    """Approve them, and say of each what became of it."""
    assert isinstance(request.user, User)
    seen = {
        int(name.removeprefix("seen-")): str(value)
        for name, value in request.POST.items()
        if name.startswith("seen-") and name[5:].isascii() and name[5:].isdigit()
        and len(name) < 24
    }  # fmt: skip
    by = authorize(request.user, "approvals.decide")
    try:
        done = operations.decide_each(
            verdict="approve", by=by, seen=seen, reason=request.POST.get("reason", "")
        )
    except ApprovalRefused as refusal:
        return refuse(request, refusal, status=422)
    context = {
        "outcomes": done,
        "done": sum(1 for one in done if not one.refused),
        "refused": sum(1 for one in done if one.refused),
    }
    return render(request, "approvals/bulk_done.html", context)


def _picked(request: HttpRequest) -> set[int]:
    texts = request.GET.getlist("pick")[: operations.MOST_AT_ONCE]
    return {int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19}


def _why_left_out(one: Waiting) -> str:
    return one.standing.reason or "Above tier 1: it is decided on its own page."


def _sums(papers: Iterable[tuple[Waiting, Paper]]) -> list[Money]:
    sums: dict[str, int] = {}
    for _, held in papers:
        if held.amount is not None:
            sums[held.amount.currency] = sums.get(held.amount.currency, 0) + held.amount.minor
    return [Money(minor, currency) for currency, minor in sorted(sums.items())]
