"""One id for everything that a request sets off; a person can read it out on an error page."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.http import HttpRequest, HttpResponseBase

from revops.kernel import correlation
from revops.web.htmx import ConsoleRequest


class CorrelationMiddleware:
    """Take the caller's id or make one; put it on the request, in every log line, in the answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        correlation_id = correlation.accept(request.headers.get(correlation.HEADER))
        cast(ConsoleRequest, request).correlation_id = correlation_id
        with correlation.bound(correlation_id):
            response = self.get_response(request)
        response.headers.setdefault(correlation.HEADER, correlation_id)
        return response
