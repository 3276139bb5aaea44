"""
One address serves the page and its fragments. A view works alike for a plain browser and for
htmx; what differs is here.

Rules (measured, htmx 2.0.10): a history restore wants the whole page; the answer to a search sets
the address by a response header, so that one search is one step of history; refusals are swapped
into ``#notice``, failures into ``#status``, dialogs into ``#dialogs``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import push_url, replace_url, reswap, retarget
from django_htmx.middleware import HtmxDetails

from accounts.models import User

VARY: Final = ("HX-Request", "HX-History-Restore-Request", "HX-Target")


class ConsoleRequest(HttpRequest):
    """A request as views behind ``@screen`` get it; for annotations."""

    user: User
    htmx: HtmxDetails
    correlation_id: str


def wants_fragment(request: HttpRequest) -> bool:
    """A boosted link or a history restore replaces the page, so it needs all of it."""
    htmx: HtmxDetails | None = getattr(request, "htmx", None)
    return htmx is not None and (
        bool(htmx) and not htmx.boosted and not htmx.history_restore_request
    )


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    fragments: Mapping[str, str] | None = None,
    address: str = "",
    status: int = 200,
) -> HttpResponse:
    """
    The page, or the one partial that an htmx request targets.

    ``fragments`` maps the id of an element to the name of the partial that renders it; the view
    names them, the client never does. ``address`` is the canonical address of what is shown.
    """
    partial = None
    if fragments and wants_fragment(request):
        partial = fragments.get(cast(ConsoleRequest, request).htmx.target or "")
    name = f"{template}#{partial}" if partial else template
    response = render(request, name, dict(context), status=status)
    if partial and address:
        set_address(request, response, address)
    elif wants_fragment(request) and not partial:
        # The target is not one that this page can render alone: show all of it.
        reswap(retarget(response, "body"), "outerHTML")
    return response


def set_address(request: HttpRequest, response: HttpResponse, address: str) -> None:
    """
    Show ``address`` in the browser. The first letter of a search and any other change make a step
    of history; further letters replace it.
    """
    before = cast(ConsoleRequest, request).htmx.current_url_abs_path or ""
    if before == address:
        return
    searching = _words(before) and _words(address)
    if searching and urlsplit(before).path == urlsplit(address).path:
        replace_url(response, address)
    else:
        push_url(response, address)


def refuse(
    request: HttpRequest, error: Exception | str, *, status: int = 409, title: str = ""
) -> HttpResponse:
    """
    Say no in words: a notice in place, or a page of its own without JavaScript.

    409 is somebody else's doing (“Priya resolved this at 14:02”), 403 a matter of roles. The
    text of ``error`` is shown, so it must be written for the reader.
    """
    context = {"title": title or _TITLES.get(status, _TITLES[409]), "text": str(error)}
    if not wants_fragment(request):
        page = {**context, "status": status, "back": _came_from(request)}
        return render(request, "web/refusal.html", page, status=status)
    response = render(request, "web/_notice.html", {**context, "tone": "warn"}, status=status)
    return reswap(retarget(response, "#notice"), "innerHTML")


def _came_from(request: HttpRequest) -> str:
    """The page of ours that the person stood on, or nothing."""
    referer = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()})
    return referer if ours else ""


_TITLES: Final = {
    403: "You can’t do this",
    404: "There is nothing here",
    409: "This has changed in the meantime",
}


class VaryMiddleware:
    """
    Tell caches that a page and its fragment are two answers; and when a session has ended, answer
    an htmx request with a sign-in dialog instead of a sign-in page squeezed into a table.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if wants_fragment(request) and _leads_to_sign_in(response):
            response = _session_ended(request)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            patch_vary_headers(response, VARY)
        return response


def _leads_to_sign_in(response: HttpResponseBase) -> bool:
    location = response.headers.get("Location", "")
    return response.status_code == 302 and (
        urlsplit(location).path == urlsplit(resolve_url(settings.LOGIN_URL)).path
    )


def _session_ended(request: HttpRequest) -> HttpResponse:
    sign_in = resolve_url(settings.LOGIN_URL)
    response = render(request, "web/_session_ended.html", {"sign_in": sign_in}, status=401)
    return reswap(retarget(response, "#dialogs"), "innerHTML")


def _words(address: str) -> str:
    return "".join(parse_qs(urlsplit(address).query).get("q", []))
