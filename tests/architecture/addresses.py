"""Every address of the console, and how to ask for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver

from accounts.policy import Policy, policy_of

_PART: Final = re.compile(r"<(?:(\w+):)?(\w+)>")
_NOTHING: Final = {"int": "999999", "str": "nothing", "slug": "nothing", "path": "nothing"}


@dataclass(frozen=True, slots=True)
class Address:
    """One address: ``route`` as it is declared, ``callback`` the view behind it."""

    route: str
    callback: Callable[..., Any]

    @property
    def policy(self) -> Policy | None:
        return policy_of(self.callback)

    @property
    def for_services(self) -> bool:
        return bool(getattr(getattr(self.callback, "cls", None), "scope", ""))

    @property
    def is_open(self) -> bool:
        """Open to people who have not signed in."""
        return not self.for_services and not getattr(self.callback, "login_required", True)

    def asks(self) -> list[str]:
        """The names of its variable parts."""
        return [part[2] for part in _PART.finditer(self.route)]

    def of_nothing(self) -> str:
        """The address of something that does not exist."""
        return "/" + _PART.sub(lambda part: _NOTHING[part[1] or "str"], self.route)

    def of(self, values: Mapping[str, Any]) -> str:
        """The address with its parts filled in. Raises KeyError for one that has no value."""
        return "/" + _PART.sub(lambda part: str(values[part[2]]), self.route)

    def __str__(self) -> str:
        return f"/{self.route}"


def every() -> list[Address]:
    """All of them, in the order in which they are tried."""
    return list(_walk(get_resolver(), ""))


def _walk(resolver: URLResolver, before: str) -> Iterator[Address]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield Address(route, pattern.callback)
        else:
            yield from _walk(pattern, route)
