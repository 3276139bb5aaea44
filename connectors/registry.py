"""Connectors are found by their folder: ``connectors/systems/<slug>/`` and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from connectors.contract import Settings, Trouble
from connectors.manifest import Manifest, ManifestInvalid

SYSTEMS: Final = Path(__file__).with_name("systems")


class ConnectorUnknown(LookupError):
    """No connector of that name is installed."""


@cache
def all_manifests() -> Mapping[str, Manifest]:
    """
    Every installed connector's manifest by slug, in the order of their labels.

    Imports no connector. Raises ManifestInvalid when a manifest is wrong or its slug is not its
    folder's name: a broken connector must stop the start, not vanish.
    """
    found = [Manifest.read(path) for path in sorted(SYSTEMS.glob("*/manifest.toml"))]
    for manifest, path in zip(found, sorted(SYSTEMS.glob("*/manifest.toml")), strict=True):
        if manifest.slug != path.parent.name:
            raise ManifestInvalid(
                f"{path.parent.name}/manifest.toml: the slug “{manifest.slug}” must be the "
                "folder's name."
            )
    ordered = sorted(found, key=lambda manifest: manifest.label.casefold())
    return MappingProxyType({manifest.slug: manifest for manifest in ordered})


def manifest(slug: str) -> Manifest:
    """Raises ConnectorUnknown."""
    try:
        return all_manifests()[slug]
    except KeyError:
        known = ", ".join(sorted(all_manifests())) or "none"
        raise ConnectorUnknown(
            f"There is no connector “{slug}” here (installed: {known})."
        ) from None


@cache
def get(slug: str) -> Any:
    """
    The connector object: an EventSource, a CommandSink, a SnapshotSource, or several of them, as
    its manifest's capabilities say. Raises ConnectorUnknown.
    """
    manifest(slug)
    return import_module(f"connectors.systems.{slug}.connector").connector


def of(slug: str, settings: Settings) -> Any:
    """
    The connector as these settings make it: for one that parameters make what it is
    (``contract.Configured``), its own; the same one for all of any other. Raises ConnectorUnknown.
    """
    connector = get(slug)
    configured = getattr(connector, "configured", None)
    return configured(settings) if configured else connector


def check(slug: str, parameters: Mapping[str, Any]) -> Sequence[Trouble]:
    """What is wrong with parameters (``contract.Checking``). Raises ConnectorUnknown."""
    connector = get(slug)
    checking = getattr(connector, "check", None)
    return checking(parameters) if checking else ()
