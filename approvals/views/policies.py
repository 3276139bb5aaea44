"""Policies: what is valid, what comes, and the editor that says who would be asked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.queries import authorize, may
from approvals import operations, subjects
from approvals.forms import PolicyForm, TrialForm, in_days, read_tiers, role_choices, rows_of
from approvals.models import ApprovalRequest, Policy, State
from approvals.operations import ApprovalRefused
from approvals.policies import PolicyTerms, TierTerms, problems
from approvals.policy_change import SLUG, label_of, tier_words
from approvals.queries import rights
from approvals.queries.rules import Asked, terms_of, trial
from approvals.queries.standing import words_of
from revops.kernel import clock
from revops.kernel.money import Money
from revops.web.htmx import render_page
from revops.web.policy import screen


@screen("approvals.policy.view")
@require_GET
def policies(request: HttpRequest) -> HttpResponse:
    """Every subject with the policies that count today and those that begin later."""
    today = clock.now().date()
    rows = Policy.objects.prefetch_related("tiers").order_by("subject", "entity", "reason")
    current = [one for one in rows if one.valid.upper is None or one.valid.upper > today]
    known = {one.slug: one.label for one in subjects.all()}
    by_subject = [
        (
            slug,
            label,
            [
                (one, [tier_words(tier) for tier in terms_of(one).tiers], one.valid.lower > today)
                for one in current
                if one.subject == slug
            ],
        )
        for slug, label in known.items()
    ]
    waiting = ApprovalRequest.objects.filter(subject=SLUG, state=State.WAITING).order_by("-pk")
    context = {
        "by_subject": by_subject,
        "waiting": list(waiting),
        "may_change": may(request.user, "approvals.policy"),
        "today": today,
    }
    return render_page(request, "approvals/policies.html", context)


@screen("approvals.policy.view")
@require_GET
def policy(request: HttpRequest, number: int) -> HttpResponse:
    """One policy as it is or was, and the ones before it."""
    found = Policy.objects.filter(pk=number).select_related("request").first()
    if found is None:
        raise Http404("There is no such policy.")
    same = Policy.objects.filter(
        subject=found.subject, entity=found.entity, reason=found.reason
    ).order_by("-number")
    context = {
        "policy": found,
        "label": label_of(found.subject),
        "tiers": [(tier, tier_words(tier)) for tier in terms_of(found).tiers],
        "history": list(same),
        "used": found.requests.count(),
        "may_change": may(request.user, "approvals.policy"),
    }
    return render_page(request, "approvals/policy.html", context)


@screen("approvals.policy.view")
@require_http_methods(["GET", "HEAD", "POST"])
def editor(request: HttpRequest) -> HttpResponse:
    """
    Think of a policy, try it, and send it for approval. Trying changes nothing, so whoever may
    read policies may try one.
    """
    assert isinstance(request.user, User)
    given = request.POST if request.method == "POST" else _from_standing(request.GET)
    form, trying = PolicyForm(given), TrialForm(given)
    tiers, typed, wrong = read_tiers(given)
    ready = form.is_valid()
    subject = form.cleaned_data.get("subject", "") if ready else given.get("subject", "")
    known = subjects.find(subject)
    if known is not None:
        wrong += problems(tiers, subjects.checkers(known.slug))
    status, asked = 200, None
    act = request.POST.get("act", "")
    if request.method == "POST":
        if ready and not wrong and act == "send":
            sent = _send(request, form, tiers, wrong)
            if sent is not None:
                return HttpResponseRedirect(reverse("approvals:approval", args=[sent.pk]))
        if not ready or wrong:
            status = 422
    if known is not None and not wrong and trying.is_valid() and act == "try":
        asked = _try(known.slug, form, trying, tiers)
    context: dict[str, Any] = {
        "form": form,
        "trying": trying,
        "rows": typed,
        "wrong": wrong if request.method == "POST" else [],
        "roles": role_choices(subject) if known else [("", "Nobody")],
        "asked": _answer(asked) if asked else None,
        "may_change": may(request.user, "approvals.policy"),
        "shown_errors": request.method == "POST",
    }
    return render_page(request, "approvals/editor.html", context, status=status)


def _from_standing(query: QueryDict) -> QueryDict:
    """The editor's boxes, filled from the policy that counts now for what the address names."""
    known = [one.slug for one in subjects.all()]
    subject = query.get("subject", "")
    subject = subject if subject in known else (known[0] if known else "")
    entity, reason = query.get("entity", "")[:24], query.get("reason", "")[:40]
    today = clock.now().date()
    standing = Policy.objects.filter(
        subject=subject, entity=entity, reason=reason, valid__contains=today
    ).first()
    tiers = list(terms_of(standing).tiers) if standing else list(operations.MONEY)
    filled = QueryDict(mutable=True)
    filled.update({
        "subject": subject, "entity": entity, "reason": reason,
        "starts": in_days(1, today),
        "expires_days": str(standing.expires_days if standing else 5),
        "sample_percent": str(standing.sample_percent if standing else 10),
        "trial_entity": entity,
    })  # fmt: skip
    for row in rows_of(tiers):
        number = row["row"]
        filled.update({
            f"used-{number}": "yes" if row["used"] else "", f"up-to-{number}": row["up_to"],
            f"due-{number}": row["due_days"], f"escalate-{number}": row["escalate_to"],
            f"proof-{number}": "yes" if row["reauthenticate"] else "",
        })  # fmt: skip
        for step, role in enumerate(row["steps"], 1):
            filled[f"step-{number}-{step}"] = role
    return filled


def _send(
    request: HttpRequest, form: PolicyForm, tiers: list[TierTerms], wrong: list[str]
) -> ApprovalRequest | None:
    """The request; None, with what is wrong, when it was refused."""
    made = form.cleaned_data
    try:
        sent = operations.propose_policy(
            by=authorize(request.user, "approvals.policy"),
            subject=made["subject"],
            entity=made["entity"],
            reason=made["reason"],
            starts=made["starts"],
            tiers=tiers,
            expires_days=made["expires_days"],
            sample_percent=made["sample_percent"],
            note=made["note"],
        )
    except ApprovalRefused as refusal:
        wrong.append(str(refusal))
        return None
    messages.success(request, "Sent for approval. Until then the standing policy counts.")
    return sent


def _try(subject: str, form: PolicyForm, trying: TrialForm, tiers: list[TierTerms]) -> Asked:
    typed = trying.cleaned_data
    draft = PolicyTerms(None, subject, "", "", 0, tuple(tiers))
    return trial(
        subject=subject,
        entity=typed["trial_entity"],
        amount=typed["amount"],
        by=typed["trial_by"],
        at=clock.now(),
        draft=draft,
    )


def _answer(asked: Asked) -> dict[str, Any]:
    """Who would be asked, in words."""
    names = rights.names(one.user for _, who in asked.people for one in who)
    functional: Money | None = asked.valued.functional
    return {
        "tier": asked.placed.tier,
        "words": tier_words(asked.placed.tier),
        "why": asked.placed.why,
        "functional": functional,
        "stuck": asked.stuck,
        "steps": [
            (words_of(step), sorted({names[one.user] for one in who})) for step, who in asked.people
        ],
    }
