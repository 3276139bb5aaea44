"""
The tray in the top bar: work that runs for the person. Whoever runs it declares it, once, from
``AppConfig.ready``: ``tray.declare(tray_of)``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Running:
    """One piece of work: its number, what it is, how far it is (of 100), and its page."""

    reference: str
    title: str
    percent: int
    status: str
    url: str


Reader = Callable[[HttpRequest], Sequence[Running]]
_declared: list[Reader] = []


def declare(reader: Reader) -> None:
    """``reader`` runs on full pages only: one cheap query. Declaring again replaces."""
    _declared[:] = [reader]


def running(request: HttpRequest) -> Sequence[Running]:
    """What runs for the person, the newest first; nothing when nobody declared a tray."""
    for reader in _declared:
        return reader(request)
    return ()
