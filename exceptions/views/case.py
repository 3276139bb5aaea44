"""One case: what happened, why it matters, what to do, and the evidence."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.queries import authorize, may
from accounts.roles import who_may
from exceptions import operations
from exceptions.correcting.editors import why_not
from exceptions.drawings import Window, settle_window
from exceptions.kinds import RemedyUnknown
from exceptions.models import Case, CaseState
from exceptions.operations import CaseRefused
from exceptions.operations.running import ACTIONS
from exceptions.payloads import fields, readable
from exceptions.playbooks import PlaybookMissing, playbook
from exceptions.queries.detail import Detail, body_of, detail
from exceptions.queries.runs import Running, latest_run
from exceptions.remedies import Offer, offers
from exceptions.views.revealing import revealed_until
from exceptions.views.working import go_on, on_from
from revops.kernel import clock
from revops.lineage import telling
from revops.lineage.queries import Hop, thread
from revops.web.htmx import refuse, render_page, wants_fragment
from revops.web.policy import screen

_STRIP = 8
_STRIP_KINDS = ("subscription", "invoice", "payment", "refund", "payout", "credit", "support_case")


@screen("cases.view")
@require_GET
def case(request: HttpRequest, number: int) -> HttpResponse:
    """The page of a case; its live part alone when htmx asks for that."""
    context = _context(request, number)
    return render_page(request, "exceptions/case.html", context, fragments={"live": "live"})


@screen("cases.retry")
@require_POST
def act(request: HttpRequest, number: int, remedy: str) -> HttpResponse:
    """Apply a remedy to the case."""
    try:
        text = operations.retry(
            case_id=number, remedy=remedy, by=authorize(request.user, "cases.retry")
        )
    except (Case.DoesNotExist, RemedyUnknown) as error:
        raise Http404(str(error)) from None
    except CaseRefused as refusal:
        return refuse(request, refusal)
    messages.success(request, text)
    working = request.POST.get("work", "")
    if working:
        return go_on(request, f"{reverse('exceptions:work')}?{on_from(working, number)}")
    if wants_fragment(request):
        return render(request, "exceptions/case.html#live", _context(request, number))
    return HttpResponseRedirect(_address(number))


@screen("cases.comment")
@require_POST
def comment(request: HttpRequest, number: int) -> HttpResponse:
    """Add a comment; what can't be kept comes back with its words."""
    text = request.POST.get("text", "")
    try:
        operations.comment(case_id=number, by=authorize(request.user, "cases.comment"), text=text)
    except Case.DoesNotExist as error:
        raise Http404(str(error)) from None
    except CaseRefused as refusal:
        context = _context(request, number) | {"comment_error": str(refusal), "said": text}
        return render_page(
            request,
            "exceptions/case.html",
            context,
            fragments={"comments": "comments"},
            status=422,
        )
    if wants_fragment(request):
        return render(request, "exceptions/case.html#comments", _context(request, number))
    return HttpResponseRedirect(f"{_address(number)}#comments")


def _address(number: int) -> str:
    return reverse("exceptions:case", args=[number])


def _context(request: HttpRequest, number: int) -> dict[str, Any]:
    at = clock.now()
    try:
        found = detail(number, at=at)
    except Case.DoesNotExist as error:
        raise Http404(f"There is no case EXC-{number}.") from error
    may_act = may(request.user, "cases.retry")
    may_read = may(request.user, "payload.view")
    revealed = revealed_until(request, number) if may_read else None
    bare = revealed is not None
    live = found.case.state in (CaseState.RETRYING, CaseState.IN_DOUBT)
    return {
        "detail": found,
        "case": found.case,
        "kind": found.kind,
        "at": at,
        "path": _address(number),
        "offers": _offers(found.case) if may_act else (),
        "may_act": may_act,
        "who_acts": who_may("cases.retry"),
        "may_comment": may(request.user, "cases.comment"),
        "may_give_up": found.case.state == CaseState.OPEN and may(request.user, "cases.close"),
        "may_edit": may(request.user, "cases.replay") and not why_not(found.case),
        "may_read": may_read,
        "who_reads": who_may("payload.view"),
        "fields": (sent := _fields(found) if may_read else []),
        "different": [field for field in sent if not field.same],
        "payload": readable(found.command.payload, revealed=bare)
        if may_read and found.command
        else "",
        "answer": _answer(found, revealed=bare) if may_read else "",
        "event": _event(found, revealed=bare) if may_read else "",
        "may_reveal": may_read and may(request.user, "payload.reveal"),
        "revealed": revealed,
        "strip": (strip := _strip(found)),
        "strip_words": _where_it_stops(strip),
        "thread_url": _thread_url(found.case),
        "window": (window := _window(found)),
        "drawing": settle_window(window) if window else "",
        "running": (running := latest_run(found.case)),
        "may_run": may(request.user, "cases.claim"),
        "may_step": bool(step := _next_action(running)) and may(request.user, step),
        "who_steps": who_may(step) if step else "",
        "playbook": _playbook(found.kind.playbook),
        "live": live,
        "working": (working := request.GET.get("work", "")[:2_000]),
        "next_case": on_from(working, number) if working else "",
        "left": "" if working == "all" else working,
        "oob": wants_fragment(request),
    }


def _offers(case: Case) -> list[Offer]:
    """What can be done now; only when nothing can, what can’t and why."""
    every = offers(case)
    return [offer for offer in every if not offer.reason] or every


def _fields(found: Detail) -> list[Any]:
    if found.command is None or found.entry is None:
        return []
    return list(fields(found.command, found.entry, found.lines))


def _event(found: Detail, *, revealed: bool) -> str:
    """What came in, where that is all there is to look at."""
    if found.case.inbound_id is None or found.command is not None:
        return ""
    return readable(body_of(found.case.inbound_id), revealed=revealed)


def _answer(found: Detail, *, revealed: bool) -> str:
    """The newest answer of the target that said anything."""
    said = (item.excerpt for item in found.attempts if item.excerpt)
    return next((readable(text, revealed=revealed) for text in said), "")


def _start(case: Case) -> tuple[str, int] | None:
    if case.record_kind and case.record_id:
        return case.record_kind, case.record_id
    return ("event", case.inbound_id) if case.inbound_id else None


def _thread_url(case: Case) -> str:
    start = _start(case)
    return reverse("console:lineage", args=start) if start else ""


def _strip(found: Detail) -> list[Hop]:
    """The money's hops up to this case: its records, its own journal and posting."""
    start = _start(found.case)
    told = thread(*start, brief=True) if start else None
    if told is None:
        return []
    journal = found.entry.pk if found.entry else None
    kept = [
        hop
        for hop in told.steps
        if hop.kind in _STRIP_KINDS
        or (hop.kind in ("journal", "posting") and (journal is None or hop.journal_id == journal))
        or (hop.kind == "event" and hop.inbound_id == found.case.inbound_id)
    ]
    # The business first, then the books: the end of the strip is where the money stops.
    kept.sort(key=lambda hop: hop.kind in ("journal", "posting"))
    return [*kept, *_asked_for(found.case)][-_STRIP:]


def _asked_for(case: Case) -> list[Hop]:
    """The case's command, where it is no journal's: a strip leaves out what others are told."""
    command = case.command
    if command is None or command.subject_kind == "journal":
        return []
    done = command.state == "posted"
    status = "done" if done else "refused" if command.state == "exception" else "waiting"
    return [
        Hop(
            kind="told",
            id=command.pk,
            label=telling.title(command.kind),
            name=telling.said(command.kind, command.payload),
            system=command.connection.label,
            status=status,
            status_word=status.capitalize(),
            missing="" if done else command.reason or "It is not there yet.",
            record=(command.subject_kind, command.subject_id),
            command_id=command.pk,
            connection=command.connection.slug,
        )
    ]


def _where_it_stops(strip: list[Hop]) -> str:
    done = sum(1 for hop in strip if not hop.missing)
    first = next((hop for hop in strip if hop.missing), None)
    if first is not None and first.kind == "event":
        return f"{first.system} told of it, and it was put aside before it became a record."
    if first is None:
        return f"All {done} hops are done."
    place = "our journal" if first.kind == "journal" else first.system
    return f"{done} of {len(strip)} hops done. The money stops before {place}."


def _window(found: Detail) -> Window | None:
    """The wait of a posting in doubt: from its latest send until asking is conclusive."""
    if found.case.state != CaseState.IN_DOUBT or found.command is None:
        return None
    sent = next((item for item in found.attempts if item.kind == "send"), None)
    final = found.command.settle_until or (sent.settle_until if sent else None)
    if sent is None or final is None or final <= sent.intent_at:
        return None
    asked = tuple(
        item.intent_at
        for item in found.attempts
        if item.kind == "read" and sent.intent_at <= item.intent_at <= final
    )
    return Window(sent=sent.intent_at, final=final, now=found.at, asked=asked)


def _next_action(running: Running | None) -> str:
    """What whoever takes the run's next step must be allowed to do."""
    return ACTIONS[running.next.kind] if running and running.next else ""


def _playbook(slug: str) -> Any | None:
    try:
        return playbook(slug)
    except PlaybookMissing:
        return None
