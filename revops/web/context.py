"""What ``base.html`` needs to know, as ``{{ console }}``. Lazy: a fragment asks for none of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from accounts.models import BreakGlass, User
from accounts.queries import emergencies_in_force, may, roles_of
from accounts.roles import Role
from revops.kernel import clock, correlation
from revops.web import nav, outages
from revops.web.bell import Bell, ring
from revops.web.outages import Outage
from revops.web.scope import Scope
from revops.web.tray import Running, running

THEMES: Final = {"auto": "System", "light": "Light", "dark": "Dark"}
DENSITIES: Final = {"compact": "Compact", "comfortable": "Comfortable"}


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as the top bar shows it."""

    name: str
    initials: str
    roles: str
    theme: str
    density: str
    shortcuts: bool


class Console:
    """The frame's facts about one request."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def person(self) -> Person | None:
        """None for anybody who is not signed in."""
        user = getattr(self._request, "user", None)
        if not isinstance(user, User):
            return None
        held = roles_of(user)
        return Person(
            name=user.name,
            initials="".join(part[0] for part in user.name.split()[:2]).upper(),
            roles=", ".join(role.label for role in Role if role in held) or "No role",
            theme=user.theme,
            density=user.density,
            shortcuts=user.shortcuts,
        )

    @cached_property
    def rail(self) -> list[tuple[str, list[nav.Entry]]]:
        return nav.rail(self._request)

    @cached_property
    def bell(self) -> Bell | None:
        """What the person has not read; None for anybody who is not signed in."""
        return ring(self._request) if self.person else None

    @cached_property
    def tray(self) -> Sequence[Running]:
        """Bulk work of the person that runs, or ended a moment ago."""
        return running(self._request) if self.person else ()

    @cached_property
    def scope(self) -> Scope:
        return Scope(self._request)

    @cached_property
    def emergencies(self) -> list[BreakGlass]:
        """Break-glass that is in force, whoever has it: every page says so."""
        if not self.person or not nav.asked(self._request, "emergencies"):
            return []
        return emergencies_in_force()

    @cached_property
    def outages(self) -> list[Outage]:
        """What stands still, for whoever is signed in."""
        return outages.now() if self.person else []

    @cached_property
    def may_find(self) -> bool:
        """Whether the find box is of use to the person."""
        return may(getattr(self._request, "user", None), "lineage.view")

    @property
    def now(self) -> datetime:
        """For paper: when it was printed."""
        return clock.now()

    @property
    def environment(self) -> str:
        """The word of the strip; nothing in production, where it would be noise."""
        name: str = getattr(settings, "REVOPS_ENVIRONMENT", "Production")
        return "" if name == "Production" else name

    @property
    def correlation_id(self) -> str:
        return getattr(self._request, "correlation_id", "") or correlation.current()

    themes = THEMES
    densities = DENSITIES


def console(request: HttpRequest) -> dict[str, Console]:
    """The context processor."""
    return {"console": Console(request)}
