"""The page of one connection, and what people do on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from accounts.models import User
from accounts.queries import authorize
from connectors.models import Connection
from revops.console.connections import operations, probe, switches, weekly
from revops.console.connections.forms import LimitsForm, PauseForm, WeeklyForm, WindowForm
from revops.console.connections.operations import ActRefused
from revops.console.connections.views.context import loaded, page_context
from revops.web.htmx import refuse, render_page, wants_fragment
from revops.web.policy import screen

_TEMPLATE = "connections/connection.html"
_FRAGMENTS = {"live": "live", "connection": "page"}


@screen("connections.view")
@require_GET
def connection(request: HttpRequest, slug: str) -> HttpResponse:
    """The page; its live part alone when htmx asks again."""
    live = wants_fragment(request) and request.headers.get("HX-Target") == "live"
    return _page(request, slug, live=live)


@screen("connections.operate")
@require_POST
def pause(request: HttpRequest, slug: str) -> HttpResponse:
    form = PauseForm(request.POST)
    if not form.is_valid():
        return _page(request, slug, {"pause_form": form}, status=422)
    return _act(
        request,
        slug,
        lambda by: operations.pause(
            slug=slug, by=by, reason=form.cleaned_data["reason"], until=form.cleaned_data["until"]
        ),
    )


@screen("connections.operate")
@require_POST
def resume(request: HttpRequest, slug: str) -> HttpResponse:
    return _act(request, slug, lambda by: operations.resume(slug=slug, by=by))


@screen("connections.operate")
@require_POST
def try_now(request: HttpRequest, slug: str) -> HttpResponse:
    return _act(request, slug, lambda by: operations.try_now(slug=slug, by=by))


@screen("connections.operate")
@require_POST
def poll_now(request: HttpRequest, slug: str) -> HttpResponse:
    return _act(request, slug, lambda by: operations.poll_now(slug=slug, by=by))


@screen("connections.operate")
@require_POST
def limits(request: HttpRequest, slug: str) -> HttpResponse:
    row = loaded(slug)
    if row.manifest is None:
        return refuse(request, row.story)
    form = LimitsForm(row.manifest, request.POST)
    if not form.is_valid():
        return _page(request, slug, {"limits_form": form}, status=422)
    return _act(
        request,
        slug,
        lambda by: operations.set_limits(
            slug=slug, by=by, rate=form.cleaned_data["rate"], calls=form.cleaned_data.get("calls")
        ),
    )


@screen("connections.operate")
@require_POST
def window(request: HttpRequest, slug: str) -> HttpResponse:
    """Announce a window, or remove it: the form has a button for each."""
    if request.POST.get("act") == "remove":
        return _act(request, slug, lambda by: operations.remove_window(slug=slug, by=by))
    form = WindowForm(request.POST)
    if not form.is_valid():
        return _page(request, slug, {"window_form": form}, status=422)
    return _act(
        request, slug, lambda by: operations.set_window(slug=slug, by=by, **form.cleaned_data)
    )


@screen("connections.operate")
@require_POST
def weekly_window(request: HttpRequest, slug: str) -> HttpResponse:
    """Announce a window of each week, or end one: each has a button, whose value is its number."""
    if number := request.POST.get("end", ""):
        found = int(number) if number.isascii() and number.isdigit() else 0
        return _act(request, slug, lambda by: weekly.end(slug=slug, by=by, number=found))
    form = WeeklyForm(request.POST)
    if not form.is_valid():
        return _page(request, slug, {"weekly_form": form}, status=422)
    said = form.cleaned_data["note"]
    return _act(
        request,
        slug,
        lambda by: weekly.announce(slug=slug, by=by, window=form.window, note=said),
    )


@screen("connections.operate")
@require_POST
def test(request: HttpRequest, slug: str) -> HttpResponse:
    """What a test found is shown and not kept: pressing again is how to see it again."""
    try:
        tested = probe.run(slug=slug, by=authorize(request.user, "connections.operate"))
    except Connection.DoesNotExist:
        raise Http404("There is no such connection.") from None
    except ActRefused as refusal:
        return refuse(request, refusal)
    return _page(request, slug, {"tested": tested})


@screen("sandbox.operate")
@require_POST
def sandbox(request: HttpRequest, slug: str) -> HttpResponse:
    """``on=<switch>``, ``off=<switch>``, or neither to mend everything."""
    on, off = request.POST.get("on", ""), request.POST.get("off", "")

    def act(by: User) -> str:
        if on or off:
            return switches.turn(slug=slug, by=by, name=on or off, on=bool(on))
        return switches.mend(slug=slug, by=by)

    try:
        return _act(request, slug, act, action="sandbox.operate")
    except LookupError as error:
        raise Http404(str(error)) from None


def _act(
    request: HttpRequest,
    slug: str,
    act: Callable[[User], str],
    *,
    action: str = "connections.operate",
) -> HttpResponse:
    """Do it and show the page as it is then; a refusal says why and changes nothing."""
    try:
        text = act(authorize(request.user, action))
    except Connection.DoesNotExist:
        raise Http404("There is no such connection.") from None
    except ActRefused as refusal:
        return refuse(request, refusal)
    messages.success(request, text)
    if wants_fragment(request):
        return _page(request, slug)
    return HttpResponseRedirect(reverse("connections:connection", args=[slug]))


def _page(
    request: HttpRequest,
    slug: str,
    extra: Mapping[str, Any] | None = None,
    *,
    live: bool = False,
    status: int = 200,
) -> HttpResponse:
    row = loaded(slug)
    if row.manifest is None:
        return refuse(request, row.story, title=f"{row.connection} can’t be shown")
    context = page_context(request, row, row.manifest, live=live)
    context.update(extra or {}, problems=status == 422)
    return render_page(request, _TEMPLATE, context, fragments=_FRAGMENTS, status=status)
