"""Instants are shown in the zone of the person who reads them, numbers in their style."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from accounts.models import User
from revops.web.number_style import reading_as


class ZoneMiddleware:
    """
    Stands after authentication. A person whose zone this machine does not know reads UTC, as does
    everybody who is not signed in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = getattr(request, "user", None)
        zone, numbers = (user.zone, user.numbers) if isinstance(user, User) else ("UTC", "")
        with timezone.override(_zone(zone)), reading_as(numbers):
            return self.get_response(request)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")
