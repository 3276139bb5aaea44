"""From where somebody calls, also behind proxies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase


class AddressMiddleware:
    """
    Stands first. Each of the ``REVOPS_PROXIES`` proxies added one address to ``X-Forwarded-For``;
    what stands before those is the caller's own word and never believed. Without this every caller
    would share the proxy's address, and with it the tries at passwords.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        proxies: int = settings.REVOPS_PROXIES
        if proxies > 0:
            told = request.headers.get("X-Forwarded-For", "").split(",")
            if len(told) >= proxies:
                # What is no address leaves the proxy's own, which is never less strict.
                with suppress(ValueError):
                    request.META["REMOTE_ADDR"] = str(ip_address(told[-proxies].strip()))
        return self.get_response(request)
