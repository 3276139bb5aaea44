"""Promises and rules: what counts, every version that counted, and changing them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from accounts.queries import may
from approvals.models import ApprovalRequest, State
from approvals.operations import ApprovalRefused
from approvals.subjects import CannotApply
from revops.credits.forms import PromiseForm, RuleForm, TermsForm
from revops.credits.models import Promise, Rule
from revops.credits.operations import terms as operations
from revops.credits.operations.terms import TermsWrong
from revops.credits.policy import percent
from revops.credits.queries.trial import trial
from revops.credits.terms import LABELS, PROMISE, RULE, problems
from revops.kernel import clock
from revops.mappings.queries import today
from revops.web.htmx import render_page
from revops.web.policy import screen

_FORMS: Final[Mapping[str, type[TermsForm]]] = {PROMISE: PromiseForm, RULE: RuleForm}
_MOST: Final = 200


@screen("credits.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """What plans promise, and the rules that raise credits: now and later."""
    day = today(clock.now()).first
    waiting = ApprovalRequest.objects.filter(subject=operations.TERMS, state=State.WAITING)
    # Until a day that is still to come, or for good.
    stands = Q(valid__upper_inf=True) | Q(valid__endswith__gt=day)
    promises = Promise.objects.select_related("legal_entity").filter(stands)
    rules = Rule.objects.select_related("legal_entity").filter(stands)
    context = {
        "promises": [
            (row, percent(row.gives), percent(row.most))
            for row in promises.order_by("plan", "promise", "severity", "-pk")[:_MOST]
        ],
        "rules": rules.order_by("name", "-pk")[:_MOST],
        "waiting": waiting.order_by("-pk")[:20] if may(request.user, "approvals.view") else [],
        "may_change": may(request.user, operations.ACTION),
        "today": day,
    }
    return render_page(request, "credits/terms.html", context)


@screen("credits.view")
@require_GET
def version(request: HttpRequest, what: str, id: int) -> HttpResponse:
    """One version as it is or was, and all versions of the same."""
    row = _row(what, id)
    content = _content(row)
    same = operations.same_as(content).order_by("-number", "-pk")
    context = {
        "what": what,
        "word": LABELS[what],
        "row": row,
        "gives": percent(row.gives) if isinstance(row, Promise) else "",
        "most": percent(row.most) if isinstance(row, Promise) else "",
        "history": same[:_MOST],
        "stands": row.valid.upper is None or row.valid.upper > today(clock.now()).first,
        "may_change": may(request.user, operations.ACTION),
        "may_approval": may(request.user, "approvals.view"),
    }
    return render_page(request, "credits/term.html", context)


@screen(operations.ACTION)
@require_http_methods(["GET", "HEAD", "POST"])
def editor(request: HttpRequest) -> HttpResponse:
    """``?what=promise`` a new one, ``?what=rule&of=12`` a version after that one. Try, or send."""
    assert isinstance(request.user, User)
    what = request.GET.get("what", PROMISE)
    if what not in _FORMS:
        raise Http404("There are promises and rules.")
    if request.method != "POST":
        return _editor(request, what, _FORMS[what](initial=_initial(what, request.GET.get("of"))))
    form = _FORMS[what](request.POST)
    content = form.content()
    wrong = problems(content, today=operations.earliest(content["entity"]))
    if wrong:
        return _editor(request, what, form, wrong=wrong)
    if request.POST.get("act") != "send":
        return _editor(request, what, form, content=content)
    try:
        asked = operations.propose(by=request.user, content=content)
    except TermsWrong as error:
        return _editor(request, what, form, wrong=dict(error.problems))
    except (ApprovalRefused, CannotApply) as error:
        return _editor(request, what, form, wrong={"starts": str(error)})
    messages.success(request, f"{asked} asks somebody else. Until then what stands counts.")
    return HttpResponseRedirect(reverse("credits:terms"))


def _editor(
    request: HttpRequest, what: str, form: TermsForm, *,
    wrong: Mapping[str, str] | None = None, content: Mapping[str, Any] | None = None,
) -> HttpResponse:  # fmt: skip
    context = {
        "what": what,
        "word": LABELS[what],
        "form": form,
        # What is new ends nothing.
        "fields": [
            (field, (wrong or {}).get(field.name, ""))
            for field in form
            if field.name != "end" or request.GET.get("of")
        ],
        "wrong": wrong or {},
        "tried": trial(content, today=operations.earliest(content["entity"])) if content else None,
        "of": request.GET.get("of", ""),
    }
    return render_page(request, "credits/terms_edit.html", context, status=422 if wrong else 200)


def _row(what: str, id: int) -> Promise | Rule:
    model = {PROMISE: Promise, RULE: Rule}.get(what)
    found = (
        model._default_manager.select_related("legal_entity").filter(pk=id).first()
        if model
        else None
    )
    if found is None:
        raise Http404("There is no such promise or rule.")
    assert isinstance(found, Promise | Rule)
    return found


def _content(row: Promise | Rule) -> dict[str, Any]:
    """A version as it would be asked for, from tomorrow on."""
    entity = row.legal_entity.code if row.legal_entity else ""
    starts = operations.earliest(entity) + timedelta(days=1)
    common = {
        "entity": entity,
        "starts": starts.isoformat(), "end": False, "note": "",
    }  # fmt: skip
    if isinstance(row, Promise):
        names = ("label", "plan", "promise", "severity", "target", "gives", "most")
        what = PROMISE
    else:
        names = ("name", "on", "severities", "promise", "reason_code", "sends", "keeps_days")
        what = RULE
    return {"what": what, **common, "terms": {name: getattr(row, name) for name in names}}


def _initial(what: str, of: str | None) -> dict[str, Any]:
    if of is None or not of.isascii() or not of.isdigit() or len(of) > 18:
        return {"starts": (operations.earliest("") + timedelta(days=1)).isoformat()}
    row = _row(what, int(of))
    content = _content(row)
    terms = content["terms"]
    if isinstance(row, Promise):
        terms = terms | {
            "gives": percent(row.gives).removesuffix(" %"),
            "most": percent(row.most).removesuffix(" %"),
        }
    else:
        terms = terms | {"severities": ", ".join(row.severities)}
    return {"entity": content["entity"], "starts": content["starts"], **terms}
