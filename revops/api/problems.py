"""
Errors for machines: ``application/problem+json`` (RFC 9457), every one of them.

``type`` is ``about:blank`` when the HTTP status says it all, else a stable ``urn:revops:problem:…``
name to branch on. ``detail`` is a sentence for the person who reads the log, ``errors`` lists
field paths, ``correlation_id`` finds the call in our logs.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import psycopg
import structlog
from django import db
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpResponse, JsonResponse
from rest_framework import exceptions as drf

from revops.kernel import correlation

log = structlog.get_logger(__name__)

CONTENT_TYPE: Final = "application/problem+json"
CANNOT_STORE: Final = (db.Error, psycopg.Error)
RETRY_SECONDS: Final = 5

Errors = Iterable[tuple[str, str]]


class Problem(drf.APIException):
    """
    A refusal with its own name. ``errors`` are (field path, sentence).

    Raise it in a view; ``handle`` makes the answer.
    """

    def __init__(
        self, status: int, name: str, detail: str, *, errors: Errors = (), **more: Any
    ) -> None:
        super().__init__(detail)
        self.status_code = status
        self.name = name
        self.errors = list(errors)
        self.more = more


def answer(
    status: int,
    detail: str,
    *,
    name: str = "",
    errors: Errors = (),
    headers: dict[str, str] | None = None,
    **more: Any,
) -> HttpResponse:
    """One problem as a response."""
    body: dict[str, Any] = {
        "type": f"urn:revops:problem:{name}" if name else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    listed = [{"path": path, "problem": problem} for path, problem in errors]
    if listed:
        body["errors"] = listed
    if correlation.current():
        body["correlation_id"] = correlation.current()
    return JsonResponse(body | more, status=status, content_type=CONTENT_TYPE, headers=headers)


def cannot_store(error: BaseException) -> HttpResponse:
    """503: nothing was kept, the sender must send it again."""
    # Errors of raw psycopg pass Django by; without this it would keep a dead connection.
    db.connection.errors_occurred = True
    db.connection.close_if_unusable_or_obsolete()
    log.error("api.cannot_store", error=type(error).__name__, exc_info=error)
    return answer(
        503,
        "This could not be stored. Nothing was kept; send it again.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """
    DRF's exception handler. Errors of nobody's making (None) go on to Django's 500, which answers
    problem+json for machine doors too (``revops.web.errors``).
    """
    if isinstance(error, Http404):
        error = drf.NotFound()
    elif isinstance(error, PermissionDenied):
        error = drf.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = Problem(413, "", "The body is larger than we read.")
    if isinstance(error, CANNOT_STORE):
        return cannot_store(error)
    if not isinstance(error, drf.APIException):
        return None
    headers: dict[str, str] = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if isinstance(error, drf.Throttled):
        # Whole seconds to the end of the window, from throttles.TokenThrottle.wait.
        headers["Retry-After"] = str(getattr(error, "wait", None) or 1)
    if isinstance(error, drf.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    more = error.more if isinstance(error, Problem) else {}
    return answer(
        error.status_code,
        _sentence(error),
        name=error.name if isinstance(error, Problem) else "",
        errors=_errors(error),
        headers=headers,
        **more,
    )


def _sentence(error: drf.APIException) -> str:
    if isinstance(error, drf.ValidationError):
        return "Some fields of the request are not right."
    return str(error.detail)


def _errors(error: drf.APIException) -> list[tuple[str, str]]:
    if isinstance(error, Problem):
        return error.errors
    if not isinstance(error, drf.ValidationError) or not isinstance(error.detail, dict):
        return []
    return [
        (str(field), str(problem))
        for field, problems in error.detail.items()
        for problem in (problems if isinstance(problems, list) else [problems])
    ]
