"""A made-up console around the kit: its addresses, its templates, its rail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from accounts.authority import ALL, Held
from accounts.models import User
from accounts.roles import Role
from revops.web import nav, scope


@pytest.fixture(autouse=True)
def _made_up_console(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.ROOT_URLCONF = "tests.web.urls"
    settings.LOGIN_REDIRECT_URL = "/"
    engine = dict(settings.TEMPLATES[0])
    engine["DIRS"] = [*engine["DIRS"], Path(__file__).parent / "templates"]
    settings.TEMPLATES = [engine]
    settings.CSRF_FAILURE_VIEW = "revops.web.errors.csrf_failure"
    zone = "revops.web.zone.ZoneMiddleware"
    if zone not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, zone]
    monkeypatch.setattr(nav, "_items", {})
    monkeypatch.setattr(scope, "_providers", {})
    nav.declare(
        nav.Item("Home", "home", "home.view", group=nav.WORK, order=10, key="h"),
        nav.Item(
            "Causes",
            "causes",
            "cases.view",
            group=nav.WORK,
            order=20,
            key="e",
            count=lambda request: (213, "crit"),
        ),
    )
    scope.declare(
        entities=lambda request: {"us-inc": "US Inc", "uk-ltd": "UK Ltd"},
        periods=lambda request: {"2026-11": "2026-11", "2026-10": "2026-10"},
    )


def a_person(*roles: Role) -> User:
    """Somebody with those roles whom no database knows."""
    user = User(id=1, email="ana@example.com", name="Ana Lima")
    user._roles_in_force = tuple(Held(role, ALL) for role in roles)
    user._lent = {}
    return user


@pytest.fixture
def get(rf: RequestFactory) -> Callable[..., HttpRequest]:
    """A request of a finance analyst: ``get("/causes/?q=x")``."""

    def made(address: str, *, user: User | None = None, **headers: str) -> HttpRequest:
        request = rf.get(address, headers=headers)
        request.user = user or a_person(Role.FINANCE)
        request.htmx = HtmxDetails(request)
        return request

    return made
