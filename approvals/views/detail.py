"""One request: decide it, or read why somebody else does."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from approvals import operations, proof
from approvals.models import ApprovalRequest, State
from approvals.operations import ApprovalRefused, Changed, Decided, NeedsProof, NotYours
from approvals.operations.deciding import may_comment
from approvals.proof import NotProved
from approvals.queries import inbox
from approvals.queries.standing import words_of
from approvals.views.paper import comments_of, paper, since_last_yes
from revops.kernel import clock
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen

VERDICTS: Final = {"approve": "Approve", "send_back": "Send back", "reject": "Reject"}


@screen("approvals.view")
@require_GET
def approval(request: HttpRequest, number: int) -> HttpResponse:
    """The request's page; ``?decide=approve`` opens the confirmation, which a link may not send."""
    wanted = request.GET.get("decide", "")
    return _page(request, number, deciding=wanted if wanted in VERDICTS else "")


@screen("approvals.view")
@require_POST
def decide(request: HttpRequest, number: int) -> HttpResponse:
    """Decide the step that waits. Rights, content and proof are checked in the operation."""
    found = _found(request, number)
    assert isinstance(request.user, User)
    verdict = request.POST.get("verdict", "")
    try:
        held = proof.held(request)
        if found.reauthenticate and held is None and request.POST.get("password"):
            held = proof.ask(request, request.POST["password"])
        done = operations.decide(
            request_id=number,
            verdict=verdict,
            by=request.user,
            seen=request.POST.get("seen", ""),
            reason=request.POST.get("reason", ""),
            proof=held,
        )
    except Decided as refusal:
        return refuse(request, refusal, status=409, title="Already decided")
    except Changed as refusal:
        return _page(request, number, problem=str(refusal), changed=refusal, status=409)
    except NotYours as refusal:
        return refuse(request, refusal, status=403)
    except (NotProved, NeedsProof, ApprovalRefused) as refusal:
        deciding = verdict if verdict in VERDICTS else ""
        return _page(request, number, deciding=deciding, problem=str(refusal), status=422)
    messages.success(request, _said(done, verdict))
    return HttpResponseRedirect(_address(number))


@screen("approvals.view")
@require_POST
def comment(request: HttpRequest, number: int) -> HttpResponse:
    """Say something beside it."""
    _found(request, number)
    assert isinstance(request.user, User)
    text = request.POST.get("text", "")
    try:
        operations.comment(request_id=number, by=request.user, text=text)
    except ApprovalRefused as refusal:
        return _page(request, number, comment_problem=str(refusal), said=text, status=422)
    return HttpResponseRedirect(f"{_address(number)}#comments")


@screen("approvals.view")
@require_POST
def withdraw(request: HttpRequest, number: int) -> HttpResponse:
    """Take one's own request back."""
    _found(request, number)
    assert isinstance(request.user, User)
    try:
        operations.withdraw(
            request_id=number, by=request.user, reason=request.POST.get("reason", "")
        )
    except ApprovalRefused as refusal:
        return refuse(request, refusal, status=409)
    messages.success(request, "Taken back. Nobody is asked any more.")
    return HttpResponseRedirect(_address(number))


@screen("approvals.decide")
@require_POST
def review(request: HttpRequest, number: int) -> HttpResponse:
    """Say that a sample was looked at."""
    _found(request, number)
    assert isinstance(request.user, User)
    try:
        operations.review(request_id=number, by=request.user)
    except ApprovalRefused as refusal:
        return refuse(request, refusal, status=409)
    messages.success(request, "Noted: you looked at it.")
    return HttpResponseRedirect(_address(number))


def _found(request: HttpRequest, number: int) -> ApprovalRequest:
    assert isinstance(request.user, User)
    found = inbox.find(request.user, number)
    if found is None:
        raise Http404(f"There is no request APR-{number}.")
    return found


def _address(number: int) -> str:
    return reverse("approvals:approval", args=[number])


def _said(done: ApprovalRequest, verdict: str) -> str:
    if verdict != "approve":
        return f"{done} was {done.get_state_display().lower()}. Whoever asked is told."
    if done.state == State.APPROVED:
        return f"{done} is approved. {done.outcome}".strip()
    return f"Step approved. {done} now waits for step {done.position}."


def _page(
    request: HttpRequest,
    number: int,
    *,
    deciding: str = "",
    problem: str = "",
    changed: Changed | None = None,
    comment_problem: str = "",
    said: str = "",
    status: int = 200,
) -> HttpResponse:
    found, at = _found(request, number), clock.now()
    assert isinstance(request.user, User)
    user = request.user
    held = paper(user, found, at=at)
    version, differs = since_last_yes(found)
    queue = [one.request.pk for one in inbox.waiting(user, at=at) if one.standing.may]
    place = queue.index(number) if number in queue else -1
    mine = found.makers.filter(user=user, why__in=["asked for it", "edited it"]).exists()
    context: dict[str, Any] = {
        "paper": held,
        "approval": found,
        "at": at,
        "path": _address(number),
        "deciding": deciding if held.standing.may else "",
        "deciding_word": VERDICTS.get(deciding, ""),
        "needs_password": found.reauthenticate and proof.held(request) is None,
        "problem": problem,
        "changed": changed.differences if changed else (),
        "reason": request.POST.get("reason", ""),
        "differs": differs,
        "differs_from": version,
        "comments": comments_of(found),
        "may_comment": may_comment(user),
        "comment_problem": comment_problem,
        "said": said,
        "mine": mine,
        "open": found.state in (State.WAITING, State.SENT_BACK),
        "wanted": words_of(held.standing.roles),
        "place": place + 1,
        "of": len(queue),
        "previous": queue[place - 1] if place > 0 else None,
        "next": queue[place + 1] if 0 <= place < len(queue) - 1 else None,
        "may_review": found.sampled and found.reviewed_at is None and not mine,
    }
    return render_page(
        request,
        "approvals/approval.html",
        context,
        fragments={"decision": "decision"},
        address=request.get_full_path() if request.method == "GET" else "",
        status=status,
    )
