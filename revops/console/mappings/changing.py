"""Change sets: the list, one of them, and what its maker does with it."""

from __future__ import annotations

from typing import Any, Final, cast

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from approvals.operations import ApprovalRefused
from approvals.subjects import CannotApply
from revops.console.mappings import keys
from revops.console.mappings.showing import LOOKS, shown_set
from revops.mappings.kinds import KINDS, get
from revops.mappings.models import ChangeSet, SetState
from revops.mappings.operations import sets
from revops.pipeline.changes import asking
from revops.web.filters import Filters, Key
from revops.web.htmx import ConsoleRequest, refuse, render_page
from revops.web.lists import render_list
from revops.web.pagination import numbered_page, page_size
from revops.web.policy import screen

_SHOWN: Final = 200
_FILTERS: Final = Filters(
    Key("kind", label="Map", choices={kind.slug: kind.label for kind in KINDS}),
    Key("status", label="Status", choices={state.value: LOOKS[state][1] for state in SetState}),
)


@screen("mappings.view")
@require_GET
def every(request: HttpRequest) -> HttpResponse:
    """Every set that the person sees, newest first."""
    state = _FILTERS.read(request.GET)
    found = ChangeSet.objects.select_related("made_by").annotate(count=Count("rows"))
    if state.one("kind"):
        found = found.filter(kind=state.one("kind"))
    if state.one("status"):
        found = found.filter(state=state.one("status"))
    if state.one("entity"):
        found = found.filter(entities__contains=[state.one("entity")])
    page = numbered_page(
        found.order_by("-pk"), number=state.one("page"), size=page_size(state.one("rows"))
    )
    more = {
        "rows": [(one, get(one.kind), *LOOKS[SetState(one.state)]) for one in page.rows],
    }
    return render_list(
        request, "mappings/sets.html", state, page, noun="change sets",
        form=("kind", "status"), more=more,
    )  # fmt: skip


@screen("mappings.view")
@require_GET
def one(request: HttpRequest, number: int) -> HttpResponse:
    return _page(request, number)


@screen("mappings.propose")
@require_POST
def preview(request: HttpRequest, number: int) -> HttpResponse:
    """See what it would do; nothing but the preview is written."""
    try:
        held = asking.preview(set_id=number, by=cast(ConsoleRequest, request).user)
    except ChangeSet.DoesNotExist as error:
        raise Http404(_NONE) from error
    except sets.SetRefused as refused:
        return _refused(request, number, refused)
    return HttpResponseRedirect(reverse("mappings:set", args=[held.pk]))


@screen("mappings.propose")
@require_POST
def send(request: HttpRequest, number: int) -> HttpResponse:
    """Ask somebody else to put it into force."""
    user = cast(ConsoleRequest, request).user
    try:
        asked = asking.send(set_id=number, by=user, reason=request.POST.get("reason", ""))
    except ChangeSet.DoesNotExist as error:
        raise Http404(_NONE) from error
    except (sets.SetRefused, ApprovalRefused, CannotApply) as refused:
        return _refused(request, number, refused)
    messages.success(request, f"{asked} asks for it. It is in force when somebody else agrees.")
    return HttpResponseRedirect(reverse("mappings:set", args=[number]))


@screen("mappings.propose")
@require_POST
def discard(request: HttpRequest, number: int) -> HttpResponse:
    """Give a draft up."""
    try:
        held = sets.discard(set_id=number, by=cast(ConsoleRequest, request).user)
    except ChangeSet.DoesNotExist as error:
        raise Http404(_NONE) from error
    except sets.SetRefused as refused:
        return refuse(request, refused)
    messages.success(request, f"{held} is discarded.")
    return HttpResponseRedirect(reverse("mappings:set", args=[number]))


@screen("mappings.propose")
@require_POST
def take_out(request: HttpRequest, number: int, position: int) -> HttpResponse:
    """Take one row out of a draft."""
    try:
        sets.take_out(set_id=number, position=position, by=cast(ConsoleRequest, request).user)
    except ChangeSet.DoesNotExist as error:
        raise Http404(_NONE) from error
    except sets.SetRefused as refused:
        return refuse(request, refused)
    return HttpResponseRedirect(reverse("mappings:set", args=[number]))


_NONE: Final = "There is no such change set."


def _refused(request: HttpRequest, number: int, error: Exception) -> HttpResponse:
    """On the set's own page, with what is wrong beside each row."""
    checked = getattr(error, "checked", None)
    problems = checked.problems if checked is not None else ()
    return _page(request, number, problem=str(error), problems=problems, status=422)


def _page(request: HttpRequest, number: int, *, status: int = 200, **more: Any) -> HttpResponse:
    held = ChangeSet.objects.select_related("made_by", "version").filter(pk=number).first()
    if held is None:
        raise Http404(_NONE)
    user = cast(ConsoleRequest, request).user
    problems = more.get("problems", ())
    if not problems and held.state in sets.EDITABLE:
        problems = sets.looked_at(held, keys=keys.known(get(held.kind))).problems
    change = shown_set(held, user, problems=problems, rows=_SHOWN)
    context = {
        "change": change,
        "held": held,
        "problem": more.get("problem", ""),
        "reason": request.POST.get("reason", held.reason),
        "alone": True,
    }
    return render_page(request, "mappings/set.html", context, status=status)
