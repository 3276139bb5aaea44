"""
Parts of the settings page that other packages bring. Each declares its own once, from
``AppConfig.ready``:

    sections.declare(Section("notifications", "Notifications", "notices/_mine.html", mine))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from accounts.models import User


@dataclass(frozen=True, slots=True)
class Section:
    """``template`` is shown with what ``context`` gives, as ``section``."""

    slug: str
    title: str
    template: str
    context: Callable[[User], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A section as one person sees it."""

    slug: str
    title: str
    template: str
    context: dict[str, Any]


_declared: dict[str, Section] = {}


def declare(section: Section) -> None:
    """Add a part; declaring it again replaces it."""
    _declared[section.slug] = section


def of(user: User) -> list[Shown]:
    return [
        Shown(one.slug, one.title, one.template, one.context(user)) for one in _declared.values()
    ]
