"""Everything that a signed-in person's request does is done as that person."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from accounts.queries import actor_of
from revops.kernel.actor import as_actor
from revops.kernel.keys import sha256


class ActorMiddleware:
    """
    Stands after authentication. The request gets an id of its own here: the correlation id may be
    the caller's, and what the audit trail says must not be.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = getattr(request, "user", None)
        session = getattr(request, "session", None)
        key = getattr(session, "session_key", None) or ""
        with as_actor(
            actor_of(user) if isinstance(user, User) else None,
            request_id=f"rq-{secrets.token_hex(8)}",
            ip=request.META.get("REMOTE_ADDR", ""),
            session=sha256(key)[:12] if key else "",
        ):
            return self.get_response(request)
