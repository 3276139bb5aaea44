"""
Whom to tell what. Approvals say it here; whoever brings notices to people listens:

    news.listen(hear)

A listener is called inside the transaction, so that nobody is told of what did not happen; it only
writes down what to send. What is sent links to the page, where a person signs in and decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class News:
    """
    ``recipients`` are people's ids; ``kind`` is ``asked``, ``escalated``, ``decided``,
    ``sent_back``, ``expired``, ``withdrawn`` or ``handed``. ``key`` is the same for the same news
    told twice.
    """

    kind: str
    recipients: Sequence[int]
    title: str
    text: str
    link: str
    entity: str
    key: str


Listener = Callable[[News], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Hear all news from now on."""
    if listener not in _listeners:
        _listeners.append(listener)


def stop(listener: Listener) -> None:
    """Hear no more; for tests."""
    if listener in _listeners:
        _listeners.remove(listener)


def tell(news: News) -> None:
    """Pass it on, unless there is nobody to tell."""
    if news.recipients:
        for listener in list(_listeners):
            listener(news)
