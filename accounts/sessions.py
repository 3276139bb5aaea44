"""
How long a session lives, and which ones a person has.

A session ends after ``REVOPS_SESSION_IDLE`` seconds in which nothing was done, and after
``REVOPS_SESSION_LONGEST`` in all. A page that asks by itself what is new does nothing in that
sense. It ends at once when the person is deactivated or gets another password (Django looks at
both on every request), and its key changes when the person signs in and when their roles change.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any, Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from accounts.authority import ALL, held_by
from accounts.models import User
from accounts.queries import actor_of
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel.keys import sha256

_BEGAN: Final = "began"
_SEEN: Final = "seen"
_RIGHTS: Final = "rights"
_NOTED_EVERY: Final = 60
# The element that asks by itself what is new, on every page that has one.
_POLLS: Final = "live"


@dataclass(frozen=True, slots=True)
class Session:
    """A session of a person. ``name`` is what the audit trail calls it."""

    id: int
    name: str
    began: datetime
    address: str
    browser: str
    current: bool


def begin(request: HttpRequest, user: User) -> None:
    """Somebody has just signed in; Django gave the session its new key."""
    now = time.time()
    request.session.update({_BEGAN: now, _SEEN: now, _RIGHTS: _rights(user)})
    request.session.save()
    with transaction.atomic():
        record(
            "session.begun", by=actor_of(user), kind="session", reference=name_of(request),
            label=user.name, after={"from": request.META.get("REMOTE_ADDR", "")},
        )  # fmt: skip


def name_of(request: HttpRequest) -> str:
    """What the audit trail calls this session; its key cannot be told from it."""
    return _name(request.session.session_key or "")


def of(user: User, request: HttpRequest) -> list[Session]:
    """The person's sessions that are alive, the newest first."""
    found = UserSession.objects.filter(user=user).order_by("-created_at")[:50]
    return [
        Session(
            one.pk, _name(one.session_key), one.created_at, str(one.ip), browser(one.user_agent),
            one.session_key == request.session.session_key,
        )
        for one in found
        if _alive(one)
    ]  # fmt: skip


@recorded
def end(*, user: User, session: int, by: User) -> bool:
    """End one session of ``user`` at once; whether there was one."""
    with transaction.atomic():
        found = UserSession.objects.select_for_update().filter(user=user, pk=session).first()
        if found is None:
            nothing_to_record("no such session")
            return False
        name = _name(found.session_key)
        found.end()
        record("session.ended", by=actor_of(by), kind="session", reference=name, label=user.name)
    return True


def end_all(*, user: User, but: str = "") -> int:
    """End every session of the person, but the one with that key; how many. Records nothing."""
    ended = list(UserSession.objects.filter(user=user).exclude(session_key=but))
    for one in ended:
        one.end()
    return len(ended)


def renamed(before: str, request: HttpRequest) -> None:
    """The session whose key was ``before`` has another one now."""
    UserSession.objects.filter(session_key=before).update(session_key=request.session.session_key)


class SessionMiddleware:
    """Stands right behind authentication: ends what has lived too long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user = request.user
        if isinstance(user, User):
            if _over(request):
                UserSession.objects.filter(session_key=request.session.session_key).delete()
                logout(request)
            else:
                _note(request, user)
        return self.get_response(request)


def _over(request: HttpRequest) -> bool:
    now = time.time()
    began, seen = request.session.get(_BEGAN, now), request.session.get(_SEEN, now)
    return bool(
        now - seen > settings.REVOPS_SESSION_IDLE or now - began > settings.REVOPS_SESSION_LONGEST
    )


def _note(request: HttpRequest, user: User) -> None:
    now, session = time.time(), request.session
    session.setdefault(_BEGAN, now)
    polls = request.headers.get("HX-Trigger") == _POLLS
    if not polls and now - session.get(_SEEN, 0) > _NOTED_EVERY:
        session[_SEEN] = now
    rights = _rights(user)
    # Parts of a page come side by side: one of them would still hold the key before.
    if session.get(_RIGHTS) != rights and "HX-Request" not in request.headers:
        if _RIGHTS in session:
            _cycle(request)
        session[_RIGHTS] = rights


def _cycle(request: HttpRequest) -> None:
    before = request.session.session_key or ""
    request.session.cycle_key()
    renamed(before, request)


def _rights(user: User) -> str:
    held = sorted(
        f"{one.role.value}:{'*' if one.scope is ALL else ','.join(sorted(one.scope))}"
        for one in held_by(user)
    )
    return sha256("|".join(held))[:16]


def _alive(one: UserSession) -> bool:
    store: Any = import_module(settings.SESSION_ENGINE).SessionStore(one.session_key)
    kept = store.load()
    return bool(kept) and time.time() - kept.get(_SEEN, 0) <= settings.REVOPS_SESSION_IDLE


def _name(key: str) -> str:
    return sha256(key)[:12] if key else ""


_BROWSERS: Final = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
                    ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS: Final = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"),
                   ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))  # fmt: skip


def browser(agent: str) -> str:
    """“Firefox on Linux”; what a browser says of itself, in words."""
    name = next((word for mark, word in _BROWSERS if mark in agent), "Another program")
    system = next((word for mark, word in _SYSTEMS if mark in agent), "")
    return f"{name} on {system}" if system else name
