"""The rules, what they did, and the editor that tries one before anybody is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import User
from accounts.queries import explain, may
from revops.alerts.forms import RuleForm, initial_of
from revops.alerts.models import Rule
from revops.alerts.operations import rules as operations
from revops.alerts.operations.rules import Draft, RuleChanged, RuleRefused
from revops.alerts.queries import listing
from revops.alerts.queries.trial import trial
from revops.alerts.views.showing import Tried, shown, spoken
from revops.alerts.words import amount_of, condition_of, where_of
from revops.kernel import clock
from revops.web.filters import Filters
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen

_LIST = Filters()
_PAST = 25
# Boxes whose problem is said by another name of the rule.
_BOXES = {"threshold": "limit", "legal_entity": "entity"}


@screen("alerts.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """What stands first, then the rules."""
    state, now = _LIST.read(request.GET), clock.now()
    entity = state.one("entity")
    standing = list(listing.standing(entity=entity))
    context = {
        "standing": standing,
        "waiting": sum(alert.acknowledged_at is None for alert in standing),
        "lines": [spoken(line) for line in listing.lines(entity=entity)],
        "may_change": may(request.user, "alerts.change"),
        "may_acknowledge": may(request.user, "alerts.acknowledge"),
        "stale": listing.is_stale(now),
        "looked_at": listing.looked_at(),
        "retired": listing.retired(entity=entity),
        "entity": entity,
    }
    return render_page(request, "alerts/rules.html", context)


@screen("alerts.view")
@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    """A rule, how it stands, and the alerts that it raised."""
    rule = _rule(number)
    code = rule.legal_entity.code if rule.legal_entity else ""
    past = rule.alerts.select_related("acknowledged_by").order_by("-pk")[:_PAST]
    context = {
        "line": spoken(listing.line_of(rule)),
        "rule": rule,
        "now": amount_of(rule.measure, rule.value, rule.currency) if rule.value is not None else "",
        "past": [(alert, amount_of(rule.measure, alert.worst, alert.currency)) for alert in past],
        "verdict": explain(request.user, "alerts.change", entities=[code]),
    }
    return render_page(request, "alerts/rule.html", context)


@screen("alerts.view")
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Think of a rule, try it, keep it. Trying changes nothing, so whoever sees alerts may."""
    assert isinstance(request.user, User)
    if request.method != "POST":
        initial = {"owner": str(request.user.pk), "for_minutes": "30 min", "mail": True}
        return _editor(request, RuleForm(initial=initial, person=request.user))
    return _posted(request, None)


@screen("alerts.view")
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, number: int) -> HttpResponse:
    """The same for a rule that is there."""
    assert isinstance(request.user, User)
    rule = _rule(number)
    if request.method != "POST":
        return _editor(request, RuleForm(initial=initial_of(rule), person=request.user), rule)
    return _posted(request, rule)


@screen("alerts.change")
@require_POST
def switch(request: HttpRequest, number: int) -> HttpResponse:
    """``to`` is on, off or retired."""
    assert isinstance(request.user, User)
    held, to = _rule(number), request.POST.get("to")
    try:
        if to == "retired":
            rule = operations.retire(by=request.user, number=held.pk)
        else:
            rule = operations.switch(by=request.user, number=held.pk, on=to == "on")
    except RuleChanged as error:
        return refuse(request, error)
    word = "retired" if rule.retired_at else "on" if rule.on else "off"
    messages.success(request, f"“{rule.name}” is {word}.")
    return HttpResponseRedirect(reverse("alerts:rule", args=[rule.pk]))


def _posted(request: HttpRequest, rule: Rule | None) -> HttpResponse:
    assert isinstance(request.user, User)
    form = RuleForm(request.POST, person=request.user)
    if not form.is_valid():
        return _editor(request, form, rule, status=422)
    draft = form.draft()
    wrong = operations.problems(draft, number=rule.pk if rule else None)
    if wrong:
        return _editor(request, _with(form, wrong), rule, status=422)
    if request.POST.get("act") != "keep":
        return _editor(request, form, rule, tried=_try(draft, rule))
    try:
        if rule is None:
            kept = operations.make(by=request.user, draft=draft)
        else:
            kept = operations.change(
                by=request.user, number=rule.pk, draft=draft, seen=_seen(request)
            )
    except RuleRefused as refusal:
        return _editor(request, _with(form, refusal.problems), rule, status=422)
    except RuleChanged as error:
        return _editor(
            request, form, _rule(rule.pk) if rule else None, status=409, taken=str(error)
        )
    messages.success(request, f"“{kept.name}” is kept. Workers look at it twice a minute.")
    return HttpResponseRedirect(reverse("alerts:rule", args=[kept.pk]))


def _editor(
    request: HttpRequest, form: RuleForm, rule: Rule | None = None, *,
    tried: Tried | None = None, status: int = 200, taken: str = "",
) -> HttpResponse:  # fmt: skip
    action = reverse("alerts:edit", args=[rule.pk]) if rule else reverse("alerts:new")
    context = {
        "form": form,
        "rule": rule,
        "action": action,
        "tried": tried,
        "taken": taken,
        "may_change": may(request.user, "alerts.change"),
    }
    return render_page(request, "alerts/editor.html", context, status=status)


def _try(draft: Draft, rule: Rule | None) -> Tried:
    """What the draft would have done; nothing is written."""
    values = {name: getattr(draft, name) for name in draft.__dataclass_fields__}
    imagined = Rule(pk=rule.pk if rule else None, **values)
    found = trial(imagined.terms, quiet=imagined.quiet, at=clock.now())
    return shown(found, imagined, condition_of(imagined.terms, where_of(imagined)))


def _with(form: RuleForm, wrong: Mapping[str, str]) -> RuleForm:
    for name, sentence in wrong.items():
        box = _BOXES.get(name, name)
        form.add_error(box if box in form.fields else None, sentence)
    return form


def _seen(request: HttpRequest) -> datetime | None:
    try:
        return parse_datetime(request.POST.get("seen", ""))
    except ValueError:
        return None


def _rule(number: int) -> Rule:
    found = Rule.objects.select_related("legal_entity", "owner", "escalate_to", "changed_by")
    rule = found.filter(pk=number).first()
    if rule is None:
        raise Http404("There is no such rule.")
    return rule
