"""One case: what happened, why it matters, what to do, and the evidence."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import authorize, may
from accounts.roles import who_may
from exceptions import filters, fixes, operations
from exceptions.correcting.editors import why_not
from exceptions.drawings import Window, settle_window
from exceptions.kinds import RemedyUnknown
from exceptions.models import Case, CaseEntry, CaseState, Watch
from exceptions.operations import CaseRefused
from exceptions.operations.commenting import EDITABLE
from exceptions.operations.running import ACTIONS
from exceptions.payloads import fields, readable
from exceptions.playbooks import PlaybookMissing, playbook
from exceptions.queries.detail import Detail, body_of, detail
from exceptions.queries.people import seers
from exceptions.queries.runs import Running, latest_run
from exceptions.remedies import Offer, offers
from exceptions.undoing import undoer
from exceptions.views.hops import strip_of, thread_url, where_it_stops
from exceptions.views.revealing import revealed_until
from exceptions.views.working import go_on, on_from
from revops.kernel import clock
from revops.web.htmx import refuse, render_page, wants_fragment
from revops.web.policy import screen


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
def comment(request: HttpRequest, number: int, entry: int | None = None) -> HttpResponse:
    """Add a comment, or put other words into one's own; what can't be kept comes back."""
    text = request.POST.get("text", "")
    by = authorize(request.user, "cases.comment")
    try:
        if entry is not None:
            operations.edit_comment(case_id=number, entry_id=entry, by=by, text=text)
        else:
            operations.comment(case_id=number, by=by, text=text)
    except (Case.DoesNotExist, CaseEntry.DoesNotExist) as error:
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
        "offers": _offers(found.case, request.user) if may_act else (),
        "fix": _fix(found.case, request.user),
        "parts": undoer().parts(found.case) if found.command else (),
        "may_act": may_act,
        "who_acts": who_may("cases.retry"),
        "may_comment": may(request.user, "cases.comment"),
        "people": (
            people := seers(found.case.legal_entity.code if found.case.legal_entity else "")
        ),
        "workers": [one for one in people if one.works],
        "teams": filters.choices_of_teams(),
        "may_handle": may(request.user, "cases.claim") and found.case.resolved_at is None,
        "editable_from": at - EDITABLE,
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
        "strip": (strip := strip_of(found)),
        "strip_words": where_it_stops(strip),
        "thread_url": thread_url(found.case),
        "window": (window := _window(found)),
        "drawing": settle_window(window) if window else "",
        "seconds_left": max(0, int((found.case.checks_at - at).total_seconds()))
        if found.case.checks_at
        else 0,
        "running": (running := latest_run(found.case)),
        "may_run": may(request.user, "cases.claim"),
        "may_step": bool(step := _next_action(running)) and may(request.user, step),
        "who_steps": who_may(step) if step else "",
        "playbook": _playbook(found.kind.playbook),
        "live": live,
        "watched": Watch.objects.filter(case=number, person=request.user.pk, told_at=None).first()
        if found.case.state == CaseState.IN_DOUBT
        else None,
        "working": (working := request.GET.get("work", "")[:2_000]),
        "next_case": on_from(working, number) if working else "",
        "left": "" if working == "all" else working,
        "oob": wants_fragment(request),
    }


def _offers(case: Case, user: User | AnonymousUser) -> list[Offer]:
    """What the person can do now; only when nothing can be done, what can’t and why."""
    every = [offer for offer in offers(case) if may(user, offer.remedy.action)]
    return [offer for offer in every if not offer.reason] or every


def _fix(case: Case, user: User | AnonymousUser) -> tuple[str, str] | None:
    """The fix of this case alone, where it has one: its words and its address."""
    fixer = fixes.of(case.kind)
    if fixer is None or not fixer.single or case.state != CaseState.OPEN:
        return None
    if not may(user, fixer.action):
        return None
    address = reverse("exceptions:cause", args=[case.cause_key])
    return fixer.single, f"{address}?{fixes.PREFIX}case={case.pk}#fix"


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
