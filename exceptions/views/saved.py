"""Saved views of the queue: reading one out of the address, keeping and deleting one."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.queries import authorize
from exceptions import filters
from exceptions.models import SavedView
from exceptions.operations import CaseRefused
from exceptions.operations import views as operations
from exceptions.queries.choices import Choices, View, choices_for
from revops.web.filters import PLACES, SCOPE_KEYS, State
from revops.web.htmx import refuse
from revops.web.policy import screen

# Not part of a view: where in the list one is, and the scope that the top bar sets.
_OUTSIDE = {"view", *PLACES}


@dataclass(frozen=True, slots=True)
class Shown:
    """The views that the person has, the one that is open, and whether it was changed."""

    views: list[View]
    open: View | None
    changed: bool
    query: str


def read_state(query: QueryDict, offered: Choices) -> tuple[State, View | None]:
    """
    The queue's state. ``view=slug`` alone is what was saved under it; with more keys it is what
    they say, and the view counts as changed.
    """
    choices = {
        "system": offered.systems,
        "kind": filters.choices_of_kinds(),
        "team": filters.choices_of_teams(),
    }
    view = offered.view(query.get("view", ""))
    if view is not None and not {*query} - _OUTSIDE - {key.name for key in SCOPE_KEYS}:
        full = QueryDict(view.query, mutable=True)
        for name in query:
            full.setlist(name, query.getlist(name))
        query = full
    return filters.QUEUE.read(query, choices=choices), view


def shown(offered: Choices, state: State, view: View | None) -> Shown:
    """What the row of views says."""
    query = state.changed(dict.fromkeys(_OUTSIDE)).query
    changed = view is not None and query != view.query
    return Shown(views=offered.views, open=view, changed=changed, query=query)


@screen("cases.view")
@require_POST
def save(request: HttpRequest) -> HttpResponse:
    """Save as a new view, or over the open one of one's own."""
    offered = choices_for(request.user.pk)
    state, _ = read_state(QueryDict(request.POST.get("query", "")), offered)
    try:
        view = operations.save_view(
            by=authorize(request.user, "cases.view"),
            query=state.changed(dict.fromkeys(_OUTSIDE)).query,
            name=request.POST.get("name", ""),
            slug=request.POST.get("slug", ""),
            shared=request.POST.get("shared") == "yes",
        )
    except CaseRefused as refusal:
        return refuse(request, refusal, status=422, title="Not saved")
    messages.success(request, f"Saved as “{view.name}”.")
    return HttpResponseRedirect(f"{reverse('exceptions:queue')}?view={view.slug}")


@screen("cases.view")
@require_POST
def delete(request: HttpRequest) -> HttpResponse:
    """Forget one of one's own."""
    try:
        operations.delete_view(
            by=authorize(request.user, "cases.view"), slug=request.POST.get("slug", "")
        )
    except SavedView.DoesNotExist as error:
        raise Http404(str(error)) from None
    messages.success(request, "The view is deleted.")
    return HttpResponseRedirect(reverse("exceptions:queue"))
