"""
The rail. Each app declares its own items, once, from ``AppConfig.ready``:

    nav.declare(nav.Item("Exceptions", "exceptions:queue", "cases.view", group=nav.WORK, order=20,
                         key="e", count=queries.open_count_for))

An item that a person may not use is absent, not greyed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from accounts.queries import may
from revops.kernel import clock
from revops.store import together

WORK: Final = "Work"
WATCH: Final = "Watch"
SET_UP: Final = "Set up"
EVIDENCE: Final = "Evidence"
GROUPS: Final = (WORK, WATCH, SET_UP, EVIDENCE)

# (how many, tone: "" | "warn" | "crit"); 0 shows nothing.
Counter = Callable[[HttpRequest], tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Item:
    """
    ``key`` is the letter after ``g``. ``count`` is the person's own and runs on full pages only:
    keep it cheap (``asked``). An item is current on its own address and below it.
    """

    label: str
    url_name: str
    action: str
    group: str
    order: int
    key: str = ""
    count: Counter | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as one person sees it on one page."""

    label: str
    url: str
    key: str
    current: bool
    count: str
    tone: str


class KeyTaken(ValueError):
    """Two items want the same letter."""


_items: dict[str, Item] = {}


def declare(*items: Item) -> None:
    """
    Put items into the rail. Declaring an address again replaces its item.

    Raises KeyTaken, or ValueError for a group that the rail does not have.
    """
    for item in items:
        if item.group not in GROUPS:
            raise ValueError(f"The rail has no group “{item.group}”.")
        taken = {other.key for other in _items.values() if other.url_name != item.url_name}
        if item.key and item.key in taken:
            raise KeyTaken(f"“g {item.key}” already goes elsewhere.")
        _items[item.url_name] = item


def asked(request: HttpRequest, name: str) -> int:
    """The answer to a question that is put with all others of the frame (``store.together``)."""
    me = request.user.pk or 0
    return together.answer(request, name, me=me, now=clock.now())


def declared() -> Iterable[Item]:
    """Every item, in the order of the rail."""
    return sorted(_items.values(), key=lambda item: (GROUPS.index(item.group), item.order))


def rail(request: HttpRequest) -> list[tuple[str, list[Entry]]]:
    """The groups with the items that this person may use; empty groups are left out."""
    groups: dict[str, list[Entry]] = {}
    mine = [item for item in declared() if may(request.user, item.action)]
    urls = {item.url_name: reverse(item.url_name) for item in mine}
    here = _nearest(request.path, urls.values())
    for item in mine:
        number, tone = item.count(request) if item.count else (0, "")
        entry = Entry(
            label=item.label,
            url=urls[item.url_name],
            key=item.key,
            current=urls[item.url_name] == here,
            count=_shown(number),
            tone=tone if number else "",
        )
        groups.setdefault(item.group, []).append(entry)
    return list(groups.items())


def _shown(number: int) -> str:
    if number <= 0:
        return ""
    return f"{number:,}" if number < 10_000 else "10,000+"


def _nearest(path: str, urls: Iterable[str]) -> str:
    """The longest address at or above ``path``; home (``/``) only for itself."""
    above = [url for url in urls if path == url or (url != "/" and path.startswith(_folder(url)))]
    return max(above, key=len, default="")


def _folder(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"
