"""Ways to sign in to a system: which one a connection's parameters choose, and what it needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.manifest import Auth, Manifest, Secret
from revops.console.connections.setup.places import placeholders


def chooser(manifest: Manifest) -> str:
    """The parameter that chooses between several ways; blank when there is nothing to choose."""
    named = {name for way in manifest.auth for name in way.chosen_by}
    return named.pop() if len(manifest.auth) > 1 and len(named) == 1 else ""


def chosen(manifest: Manifest, parameters: Mapping[str, Any]) -> Auth | None:
    """The way that these parameters choose, or the only one there is."""
    defaults = {one.name: one.default for one in manifest.parameters}
    held = defaults | {name: value for name, value in parameters.items() if value not in (None, "")}
    for way in manifest.auth:
        if all(held.get(name) == value for name, value in way.chosen_by.items()):
            return way
    return None


def own_parameters(manifest: Manifest, way: Auth) -> Sequence[str]:
    """What only this way of several asks for: nothing that others, or its address, need as well."""
    if not chooser(manifest):
        return ()
    shared = {name for other in manifest.auth if other is not way for name in other.parameters}
    shared |= {one.name for one in manifest.parameters if one.required}
    shared |= {name for place in manifest.places for name in placeholders(place.base_url)}
    return [name for name in way.parameters if name not in shared]


def secrets_of(
    manifest: Manifest, parameters: Mapping[str, Any]
) -> Sequence[tuple[Secret, bool]]:  # fmt: skip
    """
    (secret, whether it is needed) of what a connection with these parameters can use: those of its
    way to sign in, and those that belong to none, such as the secret of webhooks.
    """
    way = chosen(manifest, parameters)
    several = bool(chooser(manifest))
    of_ways = {name for one in manifest.auth for name in one.secrets} if several and way else set()
    mine = set(way.secrets) if several and way else set()
    return [
        (one, one.required or one.name in mine)
        for one in manifest.secrets
        if one.name in mine or one.name not in of_ways
    ]
