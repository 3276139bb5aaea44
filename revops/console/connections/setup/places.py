"""The addresses that a system has, filled in with a connection's own parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.manifest import Manifest, Place
from connectors.models import Environment

OTHER: Final = "other"
_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")
# A part of a host's name, and no way out of it.
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


def placeholders(pattern: str) -> Sequence[str]:
    """The parameters that an address has in it."""
    return _PLACEHOLDER.findall(pattern)


def unfit(place: Place, parameters: Mapping[str, Any]) -> Sequence[str]:
    """Those of its parameters that are not there or can't be part of an address."""
    return [
        name
        for name in placeholders(place.base_url)
        if not _LABEL.fullmatch(str(parameters.get(name) or ""))
    ]


def filled(place: Place, parameters: Mapping[str, Any]) -> str:
    """Its address. Raises KeyError for a parameter that is not there."""
    return _PLACEHOLDER.sub(lambda found: str(parameters[found[1]]), place.base_url)


def chosen(manifest: Manifest, number: str) -> Place | None:
    """The place with that number, None for another address."""
    if not number.isdecimal() or int(number) >= len(manifest.places):
        return None
    return manifest.places[int(number)]


def known(
    manifest: Manifest, base_url: str, environment: str, parameters: Mapping[str, Any]
) -> str:
    """The number of the place that a connection is at, ``other`` when it is at none."""
    for number, place in enumerate(manifest.places):
        if unfit(place, parameters) or filled(place, parameters) != base_url:
            continue
        if place.kind == environment or not tells_environment(manifest):
            return str(number)
    return OTHER


def tells_environment(manifest: Manifest) -> bool:
    """Whether a place says by itself if it is a sandbox: there are places of both kinds."""
    return {place.kind for place in manifest.places} >= set(Environment.values)
