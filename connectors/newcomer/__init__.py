"""
The folder of a new connector (``manage.py connector new``): it compiles, its types hold, its
sandbox runs, and its contract test says one by one what is still to be written.

``source`` and ``sink`` hold the files as they are written, with ``$slug``, ``$label``, ``$host``
(the slug as a part of addresses) and ``$name`` (of the class) to be filled in.
"""

from __future__ import annotations

import re
from pathlib import Path
from string import Template
from typing import Final

from connectors import registry
from connectors.manifest import SLUG

KINDS: Final = ("source", "sink")
_HERE: Final = Path(__file__).parent
_SUFFIX: Final = ".txt"


class NameRefused(ValueError):
    """No connector can have this name; the message says why."""


def write(slug: str, *, label: str = "", kind: str = "source", systems: Path | None = None) -> Path:
    """
    The new folder. ``kind`` is one of KINDS: a system that tells us things, or one that we ask to
    do things. Nothing that is there is changed. Raises NameRefused.
    """
    folder = (systems or registry.SYSTEMS) / slug
    if not SLUG.fullmatch(slug):
        raise NameRefused(f"“{slug}” is no name of a connector: lower-case letters, digits and _.")
    if folder.exists():
        raise NameRefused(f"There is a folder {slug} already.")
    words = [word for word in slug.split("_") if word]
    filled = {
        "slug": slug,
        "host": slug.replace("_", "-"),
        "label": label or " ".join(word.capitalize() for word in words),
        "name": "".join(re.sub(r"^\d", "_", word).capitalize() for word in words),
    }
    for source in sorted((_HERE / kind).rglob(f"*{_SUFFIX}")):
        path = folder / source.relative_to(_HERE / kind).with_suffix("")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = Template(source.read_text(encoding="utf-8")).substitute(filled)
        path.write_text(text, encoding="utf-8")
    return folder
