"""
The mark in the top bar that says how much a person has not read. Whoever keeps notices declares it,
once, from ``AppConfig.ready``: ``bell.declare("notices:list", count)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

Counter = Callable[[HttpRequest], int]


@dataclass(frozen=True, slots=True)
class Bell:
    """Where it leads, and how many are unread; ``shown`` is “99+” beyond that."""

    url: str
    count: int

    @property
    def shown(self) -> str:
        return str(self.count) if self.count < 100 else "99+"


_declared: list[tuple[str, Counter]] = []


def declare(url_name: str, count: Counter) -> None:
    """``count`` runs on full pages only: one cheap query. Declaring again replaces."""
    _declared[:] = [(url_name, count)]


def ring(request: HttpRequest) -> Bell | None:
    """None when nobody keeps notices."""
    for url_name, count in _declared:
        return Bell(reverse(url_name), count(request))
    return None
