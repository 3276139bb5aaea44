"""Match rules: what is in force, the draft of what comes next, and its trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import explain
from approvals.operations import ApprovalRefused
from revops.kernel.money import Money
from revops.reconciliation import terms
from revops.reconciliation.checks import registry
from revops.reconciliation.checks.base import Check
from revops.reconciliation.forms import RuleForm
from revops.reconciliation.models import Rule, RuleVersion, Run
from revops.reconciliation.operations import rules as operations
from revops.reconciliation.operations import trials
from revops.reconciliation.operations.rules import RulesRefused
from revops.reconciliation.operations.trials import TooLarge
from revops.reconciliation.queries import rules as queries
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen

_MOVES: Final = frozenset({"up", "down", "remove"})
_LONG: Final = 10


@screen("reconciliation.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """The rules in force, check by check."""
    context = {
        "checks": queries.every(),
        "days": queries.DAYS,
        "verdict": explain(request.user, operations.ACTION),
    }
    return render_page(request, "reconciliation/rules.html", context)


@screen("reconciliation.view")
@require_GET
def of_check(request: HttpRequest, check: str) -> HttpResponse:
    """One check: its rules, the draft, the versions before."""
    return _page(request, _check(check))


@screen("reconciliation.rules")
@require_POST
def act(request: HttpRequest, check: str) -> HttpResponse:
    """``act``: start, reset, send (with a note), or up, down, remove with a position."""
    assert isinstance(request.user, User)
    known, typed, by = _check(check), request.POST, request.user
    wanted = typed.get("act", "")
    if wanted == "start":
        operations.draft(check_slug=known.slug, by=by)
        return HttpResponseRedirect(f"{_address(known)}#draft")
    version = _draft(known)
    try:
        if wanted in _MOVES:
            position = int(typed["at"]) if typed.get("at", "").isdigit() else 0
            operations.move(version=version, by=by, position=position, to=wanted)
        elif wanted == "reset":
            operations.reset(version=version, by=by)
            messages.success(request, "The draft says again what is in force.")
        elif wanted == "send":
            asked = operations.send(version=version, note=typed.get("note", ""), by=by)
            messages.success(request, f"{asked} asks for it. It counts when somebody agreed.")
    except (RulesRefused, ApprovalRefused) as refusal:
        return refuse(request, refusal, status=422)
    return HttpResponseRedirect(f"{_address(known)}#draft")


@screen("reconciliation.rules")
@require_http_methods(["GET", "HEAD", "POST"])
def editor(request: HttpRequest, check: str, position: int) -> HttpResponse:
    """A rule of the draft; position 0 is a new one."""
    assert isinstance(request.user, User)
    known = _check(check)
    version = _draft(known)
    rule = version.rules.filter(position=position).first() if position else None
    if position and rule is None:
        raise Http404("There is no such rule in the draft.")
    if request.method != "POST":
        return _editor(request, known, version, RuleForm(initial=_initial(rule)), rule)
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _editor(request, known, version, form, rule, status=422)
    try:
        kept = operations.put(
            version=version, by=request.user, values=form.values(), position=position
        )
    except RulesRefused as refusal:
        _add(form, refusal.problems)
        return _editor(request, known, version, form, rule, status=422)
    messages.success(request, f"“{kept.name}” is in the draft. Nothing uses it yet.")
    return HttpResponseRedirect(f"{_address(known)}#draft")


@screen("reconciliation.rules")
@require_POST
def trial(request: HttpRequest, check: str) -> HttpResponse:
    """What the draft (or what is in force) would do with a period; nothing is kept."""
    assert isinstance(request.user, User)
    known, on = _check(check), request.POST.get("on", "")
    number = int(on) if on.isascii() and on.isdigit() and len(on) < _LONG else 0
    rows = Run.objects.select_related("pair__left", "pair__right", "legal_entity", "rules")
    run = rows.filter(number=number, pair__check_slug=known.slug).first()
    version = _standing_draft(known) or operations.in_force(known.slug)
    if run is None or version is None:
        raise Http404("There is nothing to try the rules on.")
    try:
        return _page(request, known, tried=trials.trial(version=version, run=run, by=request.user))
    except TooLarge as error:
        return refuse(request, error, status=422)


def _page(request: HttpRequest, check: Check, *, tried: trials.Trial | None = None) -> HttpResponse:
    version, draft = operations.in_force(check.slug), _standing_draft(check)
    context: dict[str, Any] = {
        "check": check,
        "version": version,
        "lines": queries.of_version(version) if version else [],
        "draft": draft,
        "draft_lines": queries.of_version(draft) if draft else [],
        "history": queries.history(check.slug),
        "periods": trials.offered(check.slug),
        "tried": tried,
        "days": queries.DAYS,
        "verdict": explain(request.user, operations.ACTION),
    }
    return render_page(request, "reconciliation/rules_of.html", context)


def _editor(
    request: HttpRequest, check: Check, version: RuleVersion, form: RuleForm, rule: Rule | None,
    *, status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {"check": check, "version": version, "form": form, "rule": rule}
    return render_page(request, "reconciliation/rule.html", context, status=status)


def _initial(rule: Rule | None) -> dict[str, Any]:
    """The boxes as they would have been filled in to make this rule."""
    if rule is None:
        return {"strength": "suggest", "shape": "1:1", "keys": ["currency"]}
    entity = rule.legal_entity
    values = {name: getattr(rule, name) for name in terms.FIELDS}
    limit = Money(rule.amount_within, rule.currency or "USD").decimal if rule.amount_within else ""
    return values | {"entity": entity.code if entity else "", "amount_within": str(limit)}


def _add(form: RuleForm, problems: Mapping[str, str]) -> None:
    for name, sentence in problems.items():
        form.add_error(name if name in form.fields else None, sentence)


def _check(slug: str) -> Check:
    try:
        return registry.get(slug)
    except registry.CheckUnknown:
        raise Http404("There is no such check.") from None


def _standing_draft(check: Check) -> RuleVersion | None:
    rows = RuleVersion.objects.filter(check_slug=check.slug, since__isnull=True)
    return rows.select_related("made_by").first()


def _draft(check: Check) -> RuleVersion:
    draft = _standing_draft(check)
    if draft is None:
        raise Http404("There is no draft of these rules.")
    return draft


def _address(check: Check) -> str:
    return reverse("reconciliation:rules-of", args=[check.slug])
