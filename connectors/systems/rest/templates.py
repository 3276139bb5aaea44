"""Addresses below a connection's own, with places that are filled: ``/tickets/{id}``."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from connectors.systems.rest import paths
from connectors.systems.rest.asked import Node
from connectors.systems.rest.converting import Unfit, text
from connectors.systems.rest.paths import ABSENT, Path

_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_FIXED: Final = re.compile(r"[A-Za-z0-9/._~:@!$&'()*+,;=?%-]*", re.ASCII)
_LONGEST_VALUE: Final = 400


class Unfilled(ValueError):
    """There is nothing to fill a place with; the message says which."""


@dataclass(frozen=True, slots=True)
class Template:
    """``parts``: text and paths in turn."""

    text: str
    parts: tuple[str | Path, ...]

    @property
    def filled(self) -> bool:
        """Whether it has places at all."""
        return any(isinstance(part, Path) for part in self.parts)

    def fill(self, look: Callable[[Path], Any]) -> str:
        """Each place percent-encoded, so that no value can lead elsewhere. Raises Unfilled."""
        return "".join(
            part if isinstance(part, str) else _encoded(part, look(part)) for part in self.parts
        )


def template(node: Node, name: str, *, places: tuple[str, ...] | None = None) -> Template | None:
    """``places``: those that there may be; None when any path may stand."""
    given = node.text(name, needed=True)
    if not given:
        return None
    parts: list[str | Path] = []
    for place, part in enumerate(_PLACE.split(given)):
        if place % 2 == 0:
            if not _FIXED.fullmatch(part):
                node.wrong(name, "an address is written in letters, digits and -._~/?=&%")
                return None
            parts.append(part)
            continue
        try:
            found = paths.parse(part)
        except paths.PathInvalid as error:
            node.wrong(name, str(error))
            return None
        if found.many or (places is not None and part not in places):
            named = ", ".join(f"{{{one}}}" for one in places or ())
            allowed = f"; here it may be {named}" if named else ""
            node.wrong(name, f"“{{{part}}}” cannot stand in an address{allowed}")
            return None
        parts.append(found)
    plain = _PLACE.sub("x", given)
    if not plain.startswith("/") or plain.startswith("//") or "/../" in f"{plain}/":
        node.wrong(name, "an address begins with one slash and stays below the connection's own")
        return None
    return Template(given, tuple(parts))


def _encoded(place: Path, value: Any) -> str:
    if value is ABSENT:
        raise Unfilled(f"“{place.text}”, which the address needs, is not there")
    try:
        found = text(value)
    except Unfit as unfit:
        raise Unfilled(f"“{place.text}”, which the address needs, {unfit}") from None
    # A dot or two would lead to another address, however they are written.
    if not found.strip(".") or len(found) > _LONGEST_VALUE:
        raise Unfilled(f"“{place.text}”, which the address needs, cannot stand in one")
    return quote(found, safe="")
