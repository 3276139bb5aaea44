"""Adding a connection, its settings, its credentials, its use and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import stepup
from accounts.models import User
from accounts.queries import authorize
from approvals.operations import ApprovalRefused
from connectors import registry
from connectors.manifest import Manifest
from connectors.models import Connection, ConnectionState
from connectors.registry import ConnectorUnknown
from revops.console.connections.operations import ActRefused
from revops.console.connections.setup import drifts, operations
from revops.console.connections.setup.forms.credentials import CredentialsForm
from revops.console.connections.setup.forms.settings import SettingsForm, initial_of
from revops.console.connections.setup.systems import groups
from revops.web.htmx import refuse, render_page
from revops.web.policy import screen


@screen("connections.change")
@require_GET
def systems(request: HttpRequest) -> HttpResponse:
    """Which system is it?"""
    return render_page(request, "connections/systems.html", {"groups": groups()})


@screen("connections.change")
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, connector: str) -> HttpResponse:
    """The form of its manifest; what is typed makes a draft."""
    manifest = _manifest(connector)
    form = SettingsForm(manifest, _typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = operations.add(connector=connector, setup=form.setup, by=_person(request))
        except ActRefused as refused:
            form.add_error("label", str(refused))
        else:
            messages.success(request, f"{made} is kept as a draft. Next: its credentials.")
            return redirect("connections:connection", slug=made.slug)
    return _settings_page(request, form)


@screen("connections.change")
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, slug: str) -> HttpResponse:
    """The same form for what is there; what is in use is changed by two."""
    connection = get_object_or_404(Connection, slug=slug)
    manifest = _manifest(connection.connector)
    held = operations.content_of(connection)
    initial = initial_of(connection, manifest, held)
    form = SettingsForm(manifest, _typed(request), own=slug, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            said = operations.change(
                slug=slug, setup=form.setup, by=_person(request),
                note=request.POST.get("note", "")[:300],
            )  # fmt: skip
        except (ActRefused, ApprovalRefused) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, said)
            return redirect("connections:connection", slug=slug)
    return _settings_page(request, form, connection)


@screen("connections.change")
@require_http_methods(["GET", "POST"])
def credentials(request: HttpRequest, slug: str) -> HttpResponse:
    """New values of its secrets. They outlive a session: who types them is asked who they are."""
    connection = get_object_or_404(Connection, slug=slug)
    if connection.state == ConnectionState.RETIRED:
        return refuse(request, f"{connection} was taken out of use: it needs no credentials.")
    form = CredentialsForm(_manifest(connection.connector), connection.parameters, _typed(request))
    if request.method == "POST":
        if not stepup.fresh(request):
            return _prove(request, reverse("connections:credentials", args=[slug]))
        if form.is_valid():
            try:
                said = operations.rotate(
                    slug=slug, given=form.given, kept_for=form.kept_for, by=_person(request)
                )
            except ActRefused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, said)
                return redirect("connections:connection", slug=slug)
    context = {
        "connection": connection,
        "form": form,
        "live": connection.state == ConnectionState.LIVE,
    }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render_page(request, "connections/credentials.html", context, status=status)


@screen("connections.change")
@require_POST
def use(request: HttpRequest, slug: str) -> HttpResponse:
    """Put it into use, or ask for it."""
    return _act(request, slug, lambda by: operations.use(slug=slug, by=by))


@screen("connections.change")
@require_POST
def retire(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask to take it out of use."""
    reason = request.POST.get("reason", "")[:300]
    return _act(request, slug, lambda by: operations.retire(slug=slug, by=by, reason=reason))


@screen("connections.change")
@require_POST
def drift(request: HttpRequest, slug: str) -> HttpResponse:
    """Accept one difference, or all of them."""
    typed = request.POST.get("number", "")
    if typed and not typed.isdecimal():
        raise Http404("There is no such difference.")
    number = int(typed) if typed else None
    return _act(request, slug, lambda by: drifts.accept(slug=slug, number=number, by=by))


def _act(request: HttpRequest, slug: str, act: Callable[[User], str]) -> HttpResponse:
    try:
        messages.success(request, act(_person(request)))
    except Connection.DoesNotExist:
        raise Http404("There is no such connection.") from None
    except (ActRefused, ApprovalRefused) as refused:
        return refuse(request, refused)
    return redirect("connections:connection", slug=slug)


def _settings_page(
    request: HttpRequest, form: SettingsForm, connection: Connection | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "manifest": form.manifest,
        "connection": connection,
        "live": connection is not None and connection.state == ConnectionState.LIVE,
    }
    status = 422 if form.is_bound else 200
    return render_page(request, "connections/settings.html", context, status=status)


def _typed(request: HttpRequest) -> QueryDict | None:
    """What was sent, be it nothing; None before anything was."""
    return request.POST if request.method == "POST" else None


def _prove(request: HttpRequest, back: str) -> HttpResponse:
    messages.info(request, "Fill it in once more: first it had to be sure that it is you.")
    return redirect(f"{reverse('accounts:confirm')}?{urlencode({'next': back})}")


def _manifest(connector: str) -> Manifest:
    try:
        return registry.manifest(connector)
    except ConnectorUnknown:
        raise Http404("There is no such system.") from None


def _person(request: HttpRequest) -> User:
    return authorize(cast("User", request.user), "connections.change")
