"""The thread of a record, from opportunity to ERP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from accounts.queries import may
from accounts.roles import who_may
from exceptions.models import Case
from exceptions.payloads import readable
from exceptions.queries.detail import open_cases_of
from revops.console.graph import Graph, graph_of
from revops.console.moments import Slide, evidence, slide_of
from revops.console.queries.home import newest_postings
from revops.console.verdict import verdict
from revops.console.waterfall import axis_of, lanes
from revops.delivery.models import OutboundCommand
from revops.events.models import BusinessEvent
from revops.kernel import clock
from revops.lineage.queries import Hop, Thread, thread
from revops.lineage.queries.hops import LABELS
from revops.web.filters import Filters, Key, State
from revops.web.formats import mid_sentence
from revops.web.htmx import render_page
from revops.web.pagination import numbered_page
from revops.web.policy import screen

# Longer threads are paged: a browser draws two hundred lanes at once without a pause.
_HOPS = 200
_TABS = {"waterfall": "Waterfall", "list": "List", "graph": "Graph"}
_PAGE = Filters(
    Key("tab", default="waterfall", choices=_TABS, chip=False),
    Key("hop", chip=False),
    Key("moment", chip=False),
)


@screen("lineage.view")
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Where to enter a thread: an id, or one of the newest postings."""
    return render_page(request, "console/threads.html", {"postings": newest_postings(most=25)})


@screen("lineage.view")
@require_GET
def lineage(request: HttpRequest, kind: str, id: int) -> HttpResponse:
    """The thread; the pane alone when htmx asks for another hop's."""
    found = thread(kind, id) if kind in LABELS else None
    if found is None:
        raise Http404(f"There is no {mid_sentence(LABELS.get(kind, 'record'))} with that id.")
    state = _PAGE.read(request.GET)
    slide = slide_of(found.hops, state.one("moment"))
    now = clock.now()
    if slide.chosen is not None:
        now = slide.chosen.at
        found = thread(kind, id, as_of=now) or found
    # A case is about today: a look back shows what was known, not what is being done about it.
    looks_back = slide.chosen is not None
    cases = open_cases(found) if may(request.user, "cases.view") and not looks_back else []
    chosen = _chosen(found, state.one("hop"))
    axis = axis_of(found.hops, now=now)
    page = numbered_page(found.hops, number=state.one("page"), size=_HOPS)
    record = next((hop for hop in found.hops if hop.record == found.subject.record), found.subject)
    context = {
        "thread": found,
        "subject": found.subject,
        "record": record,
        "customer": next(iter(found.of("customer")), None),
        "state": state,
        "tabs": [
            (
                name,
                label,
                state.changed(
                    {"tab": name, "page": state.one("page"), "moment": state.one("moment")}
                ).address(request.path),
            )
            for name, label in _TABS.items()
        ],
        "tab": state.one("tab"),
        "here": state.one("page"),
        "axis": axis,
        "lanes": lanes(page.rows, axis),
        "page": page,
        "noun": "hops",
        "currency": _currency(found),
        "next_problem": (problem := _next_problem(found, chosen)),
        "problem_page": _page_of(found, problem),
        "verdict": verdict(found, cases),
        "figures": _figures(found),
        "cases": cases,
        "at": now,
        "slide": slide,
        "evidence": evidence(found),
        "evidence_address": _evidence_address(request, state, slide),
        "graph": _graph(found, chosen, request.path, state),
        **_pane(request, chosen, cases),
    }
    return render_page(
        request, "console/lineage.html", context, fragments={"pane": "pane"},
        address=state.address(request.path),
    )  # fmt: skip


def open_cases(found: Thread) -> list[Case]:
    """The unresolved cases about anything in the thread."""
    return open_cases_of(
        command_ids=[hop.command_id for hop in found.hops if hop.command_id],
        inbound_ids=[hop.inbound_id for hop in found.hops if hop.inbound_id],
        journal_ids=[hop.journal_id for hop in found.hops if hop.journal_id],
    )


def _evidence_address(request: HttpRequest, state: State, slide: Slide) -> str:
    """The page as of its newest moment: whoever opens it sees the same."""
    if not slide.moments:
        return request.build_absolute_uri()
    number = slide.value if slide.chosen is not None else slide.now - 1
    fixed = state.changed({"tab": state.one("tab"), "moment": str(number)})
    return request.build_absolute_uri(fixed.address(request.path))


def _graph(found: Thread, chosen: Hop, path: str, state: State) -> Graph | None:
    if state.one("tab") != "graph":
        return None
    kept = {"tab": "graph", "moment": state.one("moment"), "hop": "KEY"}
    address = state.changed(kept).address(path).replace("KEY", "{key}")
    return graph_of(found.hops, chosen=chosen.key, address=f"{address}#pane")


def _chosen(found: Thread, key: str) -> Hop:
    """The hop of the address; else the first problem, else the subject."""
    for hop in found.hops:
        if hop.key == key:
            return hop
    return next(iter(found.problems), found.subject)


def _next_problem(found: Thread, chosen: Hop) -> Hop | None:
    problems = found.problems
    if chosen in problems:
        after = problems[problems.index(chosen) + 1 :]
        return after[0] if after else None
    return problems[0] if problems else None


def _page_of(found: Thread, hop: Hop | None) -> str:
    """The number of the page that shows the hop; “” for the first."""
    number = found.hops.index(hop) // _HOPS + 1 if hop is not None else 1
    return str(number) if number > 1 else ""


def _currency(found: Thread) -> str:
    """The one currency of the thread, for a heading; “” when there are several, or none."""
    held = {hop.amount.currency for hop in found.hops if hop.amount is not None}
    return held.pop() if len(held) == 1 else ""


def _figures(found: Thread) -> list[dict[str, Any]]:
    """Sums of the thread, one tile each; only of what all is in one currency."""
    tiles = []
    # Payments and fees are postings of their own: added to the invoice's they would mean nothing.
    invoiced = {hop.journal_id for hop in found.of("journal") if hop.note == "invoice"}
    for label, hops, note in (
        ("Invoiced, with tax", found.of("invoice"), "invoice"),
        ("Paid", [hop for hop in found.of("payment") if hop.status == "done"], "payment"),
        (
            "Invoices in the ERP",
            [
                hop
                for hop in found.of("posting")
                if hop.status == "posted" and hop.journal_id in invoiced
            ],
            "posting",
        ),
        ("Missing", [hop for hop in found.problems if hop.difference], "hop"),
    ):
        amounts = [
            -hop.difference if label == "Missing" and hop.difference else hop.amount for hop in hops
        ]
        known = [amount for amount in amounts if amount is not None]
        if len({amount.currency for amount in known}) != 1:
            continue
        total = known[0]
        for amount in known[1:]:
            total = total + amount
        crit = "crit" if label == "Missing" else ""
        plural = "" if len(known) == 1 else "s"
        tiles.append(
            {"label": label, "money": total, "note": f"{len(known):,} {note}{plural}", "tone": crit}
        )
    return tiles


def _pane(request: HttpRequest, chosen: Hop, cases: Sequence[Case]) -> dict[str, Any]:
    may_read = may(request.user, "payload.view")
    return {
        "hop": chosen,
        "payload": _payload(chosen) if may_read else "",
        "may_read": may_read,
        "who_reads": who_may("payload.view"),
        "hop_case": next((case for case in cases if _is_about(case, chosen)), None),
    }


def _is_about(case: Case, hop: Hop) -> bool:
    if hop.command_id:
        return case.command_id == hop.command_id
    if hop.kind == "journal" and hop.journal_id:
        return case.record_kind == "journal" and case.record_id == hop.journal_id
    return bool(hop.inbound_id) and case.inbound_id == hop.inbound_id


def _payload(hop: Hop) -> str:
    """What was sent, or what the event means; one query, and none for other hops."""
    if hop.kind in ("posting", "told") and hop.command_id:
        found = OutboundCommand.objects.filter(pk=hop.command_id).values_list("payload", flat=True)
        return readable("".join(found))
    if hop.kind == "event" and hop.inbound_id:
        meanings = BusinessEvent.objects.filter(inbound=hop.inbound_id).order_by("position")
        return "\n\n".join(readable(data) for data in meanings.values_list("data", flat=True)[:5])
    return ""
