"""
What happens to the emergency account, told to whoever brings it to people:

    news.listen(hear)

A listener is called inside the transaction and before the answer, so nobody gets in unheard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import BreakGlass


@dataclass(frozen=True, slots=True)
class News:
    """
    ``opened``: whether it may do anything now. ``glass`` is what has to be looked at, ``text`` is
    sentences. ``key`` is the same for the same news told twice.
    """

    opened: bool
    glass: BreakGlass
    text: str
    key: str


Listener = Callable[[News], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Hear all news from now on."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell(news: News) -> None:
    for listener in list(_listeners):
        listener(news)
