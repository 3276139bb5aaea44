"""Duplicates: the list, a pair side by side, a merge and its undoing; and who is above whom."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import may
from accounts.roles import who_may
from revops.canonical.identity.deciding import CannotDecide
from revops.canonical.identity.effects import becomes
from revops.canonical.identity.standing import CannotLink, above, owner_of_parent
from revops.canonical.models import Customer, Merge, MergeProposal, Party, ProposalState
from revops.console.identity import reading
from revops.pipeline import identity
from revops.web.htmx import render_page
from revops.web.lists import render_list
from revops.web.policy import screen

_ASK: Final = "Say that you have compared both."
_CHOICES: Final = 20


@screen("customers.view")
@require_GET
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs to decide, and the newest merges."""
    state = reading.DUPLICATES.read(request.GET)
    page = reading.page_of_proposals(state)
    more = {
        "lines": reading.lines(page.rows),
        "merges": reading.past_merges(),
    }
    return render_list(
        request, "identity/duplicates.html", state, page, noun="pairs",
        form=("q", "state"), more=more,
    )  # fmt: skip


@screen("customers.view")
@require_GET
def duplicate(request: HttpRequest, id: int) -> HttpResponse:
    return _pair(request, id)


@screen(identity.ACTION)
@require_POST
def decide(request: HttpRequest, id: int) -> HttpResponse:
    """Merge or keep apart, with a reason; a refusal is answered on the pair's own page."""
    assert isinstance(request.user, User)
    proposal = _proposal(id)
    reason = request.POST.get("reason", "")
    choice = request.POST.get("choice", "")
    pair = {"left": (proposal.left_id, proposal.right_id),
            "right": (proposal.right_id, proposal.left_id)}  # fmt: skip
    if request.POST.get("confirm") != "yes":
        return _pair(request, id, problem=_ASK, status=422)
    try:
        if choice in pair:
            if proposal.state != ProposalState.OPEN:
                raise CannotDecide("This pair is decided already.")
            survivor, absorbed = pair[choice]
            made = identity.merge(
                by=request.user, survivor_id=survivor, absorbed_id=absorbed, reason=reason
            )
            if not isinstance(made, Merge):
                return HttpResponseRedirect(reverse("approvals:approval", args=[made.pk]))
            return HttpResponseRedirect(reverse("console:merge", args=[made.pk]))
        if choice == "apart":
            identity.keep_apart(by=request.user, proposal_id=id, reason=reason)
            return HttpResponseRedirect(reverse("console:duplicate", args=[id]))
        problem = "Choose what they are."
    except CannotDecide as error:
        problem = str(error)
    return _pair(request, id, problem=problem, status=422)


@screen("customers.view")
@require_GET
def merge(request: HttpRequest, id: int) -> HttpResponse:
    return _merge(request, id)


@screen(identity.ACTION)
@require_POST
def unmerge(request: HttpRequest, id: int) -> HttpResponse:
    """Part them again; a refusal is answered on the merge's own page."""
    assert isinstance(request.user, User)
    if request.POST.get("confirm") != "yes":
        return _merge(request, id, problem="Confirm that they part.", status=422)
    try:
        identity.unmerge(by=request.user, merge_id=id, reason=request.POST.get("reason", ""))
    except Merge.DoesNotExist as error:
        raise Http404("There is no such merge.") from error
    except CannotDecide as error:
        return _merge(request, id, problem=str(error), status=422)
    return HttpResponseRedirect(reverse("console:merge", args=[id]))


@screen(identity.ACTION)
@require_http_methods(["GET", "HEAD", "POST"])
def parent(request: HttpRequest, id: int) -> HttpResponse:
    """Who is above a customer; a person sets it where no system decides."""
    assert isinstance(request.user, User)
    party = Party.objects.select_related("parent").filter(pk=id, merged_into=None).first()
    if party is None:
        raise Http404("There is no customer with that id.")
    problem = ""
    if request.method == "POST":
        wanted = request.POST.get("parent", "")
        if wanted == "none" or (wanted.isascii() and wanted.isdigit() and len(wanted) < 19):
            try:
                identity.set_parent(
                    by=request.user, party_id=id,
                    parent_id=None if wanted == "none" else int(wanted),
                )  # fmt: skip
                return HttpResponseRedirect(reverse("console:customer-parent", args=[id]))
            except CannotLink as error:
                problem = str(error)
        else:
            problem = "Choose a customer."
    words = request.GET.get("q", "").strip()[:100]
    found = Party.objects.filter(merged_into=None, name__icontains=words).exclude(pk=id)
    context = {
        "party": party,
        "above": above(id),
        "owner": owner_of_parent(id),
        "words": words,
        "found": list(found.order_by("name", "pk")[:_CHOICES]) if words else [],
        "problem": problem,
    }
    return render_page(request, "identity/parent.html", context, status=422 if problem else 200)


def _proposal(id: int) -> MergeProposal:
    found = MergeProposal.objects.select_related("left", "right", "by").filter(pk=id).first()
    if found is None:
        raise Http404("There is no such pair.")
    return found


def _pair(request: HttpRequest, id: int, *, problem: str = "", status: int = 200) -> HttpResponse:
    proposal = _proposal(id)
    left, right = reading.sides_of([proposal.left, proposal.right])
    still = proposal.state == ProposalState.OPEN
    gone = [half.party for half in (left, right) if half.party.merged_into_id is not None]
    context: dict[str, Any] = {
        "proposal": proposal,
        "percent": reading.percent(proposal),
        "hints": reading.hints(proposal.evidence),
        "left": left,
        "right": right,
        "halves": [("left", left), ("right", right)],
        "whole": reading.whole_of([left, right]),
        "still": still and not gone,
        "made": reading.merge_behind(proposal),
        "effects": [
            ("left", left, becomes(left.party.pk, right.party.pk)),
            ("right", right, becomes(right.party.pk, left.party.pk)),
        ] if still and not gone else [],
        "may_decide": may(request.user, identity.ACTION),
        "who_decides": who_may(identity.ACTION),
        "problem": problem,
        "reason": request.POST.get("reason", ""),
        "choice": request.POST.get("choice", ""),
    }  # fmt: skip
    return render_page(request, "identity/duplicate.html", context, status=status)


def _merge(request: HttpRequest, id: int, *, problem: str = "", status: int = 200) -> HttpResponse:
    made = (
        Merge.objects.select_related("survivor__merged_into", "absorbed", "by", "undone_by")
        .filter(pk=id)
        .first()
    )
    if made is None:
        raise Http404("There is no such merge.")
    moved = Customer.objects.filter(pk__in=made.customer_ids).select_related("connection")
    later = Customer.objects.filter(party=made.survivor, created_at__gt=made.at).exclude(
        pk__in=made.customer_ids
    )
    context = {
        "made": made,
        "hints": reading.hints(made.evidence),
        "moved": list(moved.order_by("connection__label", "source_id")),
        "later": list(later.select_related("connection").order_by("pk")[:_CHOICES]),
        "first": made.survivor.merged_into,
        "may_decide": may(request.user, identity.ACTION),
        "who_decides": who_may(identity.ACTION),
        "problem": problem,
        "reason": request.POST.get("reason", ""),
    }
    return render_page(request, "identity/merge.html", context, status=status)
