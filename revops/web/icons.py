"""The console's marks by name. They are drawn once, in ``templates/web/_icons.html``."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString

ICONS: Final = frozenset(
    {
        "back", "bars", "bell", "brand", "clock", "copy", "cross", "dash", "diamond", "down",
        "find", "left", "link", "lock", "moon", "open", "page", "plus", "print", "question",
        "right", "ring", "rise", "tick", "tool", "triangle", "turn", "twice",
    }
)  # fmt: skip


class IconUnknown(LookupError):
    """No drawing has this name; a mistake in a template."""


@lru_cache(maxsize=256)
def icon(name: str, label: str = "", tone: str = "") -> SafeString:
    """
    An inline mark, as tall as its text. Without ``label`` it is hidden from assistive
    technology, because a word stands beside it; ``tone`` colours it.

    Raises IconUnknown.
    """
    if name not in ICONS:
        raise IconUnknown(name)
    classes = f"icon toned {escape(tone)}" if tone else "icon"
    told = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return SafeString(f'<svg class="{classes}" {told}><use href="#icon-{name}"/></svg>')
