"""
The entity and period switches of the top bar. They write ``entity=`` and ``period=`` into the
address of whatever page they stand on, and the rail's links carry both along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.http import HttpRequest

# Value in the address → word on the page, in the order of the list.
Choices = Mapping[str, str]
Provider = Callable[[HttpRequest], Choices]


@dataclass(frozen=True, slots=True)
class Switch:
    """One switch: what it offers, what is chosen (“” is everything)."""

    name: str
    label: str
    everything: str
    choices: Choices
    chosen: str


_providers: dict[str, Provider] = {}


def declare(*, entities: Provider | None = None, periods: Provider | None = None) -> None:
    """
    Say what the switches offer; called from ``AppConfig.ready`` of the app that owns it. A
    provider gets the request, and offers only what its person may see.
    """
    if entities is not None:
        _providers["entity"] = entities
    if periods is not None:
        _providers["period"] = periods


class Scope:
    """The switches as they stand on one request. Reading them may ask the database, once."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def switches(self) -> list[Switch]:
        offered = (
            ("entity", "Legal entity", "All entities"),
            ("period", "Period", "All periods"),
        )
        made = []
        for name, label, everything in offered:
            choices = _providers[name](self._request) if name in _providers else {}
            asked = self._request.GET.get(name, "")
            if choices:
                chosen = asked if asked in choices else ""
                made.append(Switch(name, label, everything, choices, chosen))
        return made

    @cached_property
    def kept(self) -> list[tuple[str, str]]:
        """The rest of the address, sent along by the switches' form; not the place in a list."""
        own = {"entity", "period", "page", "after", "before"}
        pairs = self._request.GET.lists()
        return [(name, value) for name, values in pairs if name not in own for value in values]

    @cached_property
    def query(self) -> str:
        """``?entity=us-inc&period=2026-10``, or nothing when everything is shown."""
        chosen = [(switch.name, switch.chosen) for switch in self.switches if switch.chosen]
        return f"?{urlencode(chosen)}" if chosen else ""
