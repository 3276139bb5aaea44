"""
What every page says on top while something that all rely on stands still: what is not done
meanwhile, and what goes on. Whoever notices declares it, once, from ``AppConfig.ready``:
``outages.declare("line", standstill)``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outage:
    """``slug`` is its id on the page; ``title`` what is wrong, ``text`` what that means."""

    slug: str
    title: str
    text: str


Reader = Callable[[], Outage | None]
_declared: dict[str, Reader] = {}


def declare(name: str, reader: Reader) -> None:
    """``reader`` runs on full pages only, and must cost next to nothing."""
    _declared[name] = reader


def now() -> list[Outage]:
    return [found for reader in _declared.values() if (found := reader()) is not None]
