"""The pages of the audit trail: every act, one act, the files that prove it, the verification."""

from __future__ import annotations

from itertools import islice
from typing import Any, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import may
from revops.audit import queries
from revops.audit.export import lines
from revops.audit.models import Event
from revops.console.audit import filters, operations, reading
from revops.console.audit.words import act_of
from revops.kernel import clock
from revops.web.csv_files import csv_file
from revops.web.exports import MOST_ROWS, file_of
from revops.web.filters import State
from revops.web.htmx import ConsoleRequest, render_page
from revops.web.lists import render_list
from revops.web.policy import screen


@screen("audit.view")
@require_GET
def trail(request: HttpRequest) -> HttpResponse:
    """Every act, the newest first."""
    state = _state(request)
    page = reading.page_of_acts(state)
    more = {
        "acts": [act_of(event) for event in page.rows],
        "last": reading.last_verification(),
        "total": queries.Head().seq,
        "most": MOST_ROWS,
    } | _may(request)
    return render_list(
        request, "audit/trail.html", state, page, noun="acts",
        form=("q", "who", "action", "kind", "when"), more=more,
    )  # fmt: skip


@screen("audit.view")
@require_GET
def act(request: HttpRequest, seq: int) -> HttpResponse:
    """One act, whole: what changed, from where, and how it hangs in the chain."""
    found = Event.objects.filter(seq=seq).first()
    if found is None:
        raise Http404(f"There is no act {seq}.")
    before = queries.hash_at(seq - 1)
    after = Event.objects.filter(seq=seq + 1).first()
    context = {
        "act": act_of(found),
        "follows": before == bytes(found.prev),
        "followed": after is None or bytes(after.prev) == bytes(found.hash),
        "next": after and after.seq,
    }
    return render_page(request, "audit/act.html", context)


@screen("audit.verify")
@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Verify everything now, and show the outcome on the trail's page."""
    report = operations.verify(by=cast(ConsoleRequest, request).user)
    say = messages.success if report.passed else messages.error
    say(request, report.sentence)
    return redirect("audit:trail")


@screen("audit.export")
@file_of("audit trail")
def evidence(request: HttpRequest) -> StreamingHttpResponse:
    """The current filter as CSV, the newest acts first."""
    return csv_file("audit-trail", reading.COLUMNS, reading.cells(_state(request)), at=clock.now())


@screen("audit.export")
@file_of("audit trail, JSON lines")
def proof(request: HttpRequest) -> StreamingHttpResponse:
    """The last acts without a gap, for docs/verify_audit.py: a filter would leave links out."""
    end = queries.Head().last
    links = islice(queries.links(max(0, end - MOST_ROWS), end), MOST_ROWS)
    response = StreamingHttpResponse(lines(links), content_type="application/jsonl; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="audit-trail-{clock.now():%Y-%m-%d}.jsonl"'
    )
    return response


def _state(request: HttpRequest) -> State:
    return filters.ACTS.read(request.GET, choices=reading.choices())


def _may(request: HttpRequest) -> dict[str, Any]:
    return {
        "may_verify": may(request.user, "audit.verify"),
        "may_export": may(request.user, "audit.export"),
    }
