"""The page of one journal entry."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_GET

from accounts.queries import may
from revops.console.verdict import verdict
from revops.console.views.threads import open_cases
from revops.console.ways import ways_of
from revops.lineage.kinds import KINDS
from revops.lineage.queries import thread
from revops.lineage.queries.entries import entry
from revops.web.htmx import render_page
from revops.web.policy import screen


@screen("lineage.view")
@require_GET
def journal(request: HttpRequest, id: int) -> HttpResponse:
    """One entry: its lines, where it comes from, what shaped it, its event, its postings."""
    found = entry(id)
    told = thread("journal", id) if found else None
    if found is None or told is None:
        raise Http404(f"There is no journal entry JE-{id}.")
    cases = open_cases(told) if may(request.user, "cases.view") else []
    kind, record_id = found.entry.record_kind, found.entry.record_id
    record_url = ""
    if kind in KINDS and record_id and may(request.user, "customers.view"):
        record_url = reverse("console:record", args=[kind, record_id])
    about = [hop for hop in told.hops if (hop.kind, hop.id) == (kind, record_id)]
    context = {
        "found": found,
        "entry": found.entry,
        "thread": told,
        "postings": [hop for hop in told.of("posting") if hop.journal_id == id],
        "verdict": verdict(told, [case for case in cases if case.record_id == id]),
        "thread_url": reverse("console:lineage", args=["journal", id]),
        "record_url": record_url,
        "books": may(request.user, "books.view"),
        "came_from": [*about, *ways_of(told, kind, record_id).up] if record_id else [],
    }
    return render_page(request, "console/journal.html", context)
