"""How legal entities close: targets and holidays, people's tasks, late events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import Assignment, User
from accounts.queries import may
from accounts.roles import rule_of, who_may
from revops.close.areas import AREAS
from revops.close.models import CloseCalendar, LatePolicy, TaskTemplate
from revops.close.models.late import LateWay
from revops.close.operations import settings as operations
from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.web.htmx import render_page
from revops.web.policy import screen


@screen("close.view")
@require_GET
def settings(request: HttpRequest) -> HttpResponse:
    return _page(request)


@screen("periods.close")
@require_POST
def change(request: HttpRequest, what: str) -> HttpResponse:
    """``what``: calendar, late, template or retire."""
    act = _ACTS.get(what)
    if act is None:
        raise Http404("There is nothing like this to change.")
    assert isinstance(request.user, User)
    try:
        said = act(request, request.user)
    except operations.SettingRefused as refusal:
        return _page(request, problem=str(refusal), status=422)
    messages.success(request, said)
    return HttpResponseRedirect(reverse("close:settings"))


def _calendar(request: HttpRequest, by: User) -> str:
    entity = _entity(request)
    try:
        days = [date.fromisoformat(one) for one in request.POST.get("holidays", "").split()]
        target = int(request.POST.get("target_days", ""))
    except ValueError as error:
        raise operations.SettingRefused(
            "Type the target as a number, and holidays as 2026-12-25, one a line."
        ) from error
    operations.set_calendar(entity=entity, target_days=target, holidays=days, by=by)
    return f"{entity.name} closes by working day {target}."


def _late(request: HttpRequest, by: User) -> str:
    entity = _entity(request)
    limit = request.POST.get("up_to", "").strip().replace(",", "")
    if limit and not limit.isdigit():
        raise operations.SettingRefused("Type the limit as whole units, or leave it empty.")
    rows: list[tuple[int | None, str]] = [(None, request.POST.get("above", ""))]
    if limit:
        rows.append((int(limit), request.POST.get("below", "")))
    operations.set_late_policy(entity=entity, rows=rows, by=by)
    return f"What is proposed for late events of {entity.name} has changed."


def _template(request: HttpRequest, by: User) -> str:
    code = request.POST.get("entity", "")
    try:
        due = int(request.POST.get("due_day", ""))
    except ValueError as error:
        raise operations.SettingRefused("Say on which working day it is due.") from error
    made = operations.set_template(
        title=request.POST.get("title", ""), area=request.POST.get("area", ""), due_day=due,
        entity=_entity(request) if code else None, by=by, slug=request.POST.get("slug", ""),
        preparer=_person(request, "preparer"), reviewer=_person(request, "reviewer"),
    )  # fmt: skip
    return f"“{made.title}” is a task of every close from now on."


def _retire(request: HttpRequest, by: User) -> str:
    try:
        gone = operations.retire_template(slug=request.POST.get("slug", ""), by=by)
    except TaskTemplate.DoesNotExist as error:
        raise operations.SettingRefused("There is no such task any more.") from error
    return f"“{gone.title}” is no task of coming closes."


_ACTS: dict[str, Callable[[HttpRequest, User], str]] = {
    "calendar": _calendar, "late": _late, "template": _template, "retire": _retire,
}  # fmt: skip


def _entity(request: HttpRequest) -> LegalEntity:
    found = LegalEntity.objects.filter(code=request.POST.get("entity", "")).first()
    if found is None:
        raise operations.SettingRefused("Choose a legal entity.")
    return found


def _person(request: HttpRequest, name: str) -> User | None:
    number = request.POST.get(name, "")
    return User.objects.filter(pk=int(number), is_active=True).first() if number.isdigit() else None


def _able(action: str) -> list[User]:
    """Whose roles let them do this somewhere, by name."""
    now = clock.now()
    held = Assignment.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=now), valid_from__lte=now,
        role__in=[role.value for role in rule_of(action).roles],
    )  # fmt: skip
    return list(User.objects.filter(pk__in=held.values("user"), is_active=True).order_by("name"))


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    entities = list(LegalEntity.objects.order_by("name"))
    calendars = {one.legal_entity_id: one for one in CloseCalendar.objects.all()}
    policies: dict[int, dict[str, Any]] = {}
    for row in LatePolicy.objects.all():
        held = policies.setdefault(row.legal_entity_id, {})
        held["above" if row.up_to is None else "below"] = row.way
        if row.up_to is not None:
            held["up_to"] = row.up_to
    templates = TaskTemplate.objects.filter(retired_at__isnull=True)
    context = {
        "entities": [
            (one, calendars.get(one.pk), policies.get(one.pk, {})) for one in entities
        ],
        "templates": templates.select_related("legal_entity", "preparer", "reviewer").order_by(
            "due_day", "pk"
        ),
        "areas": AREAS, "ways": LateWay.choices, "problem": problem,
        "may_change": may(request.user, "periods.close"), "who": who_may("periods.close"),
        "edited": templates.filter(slug=request.GET.get("edit", "")[:40]).first(),
        "preparers": _able("close.prepare"), "reviewers": _able("close.sign"),
    }  # fmt: skip
    return render_page(request, "close/settings.html", context, status=status)
