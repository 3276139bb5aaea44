"""Connections as the line sees them: opened settings, cached for a few seconds."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from ipaddress import ip_network
from typing import Any, Final

from django.conf import settings

from connectors import registry
from connectors.contract import Settings
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.models import Connection, ConnectionState
from connectors.queries import settings_of, valid_secrets
from connectors.tokens import Shared

# A rotated or withdrawn secret takes effect everywhere within this time.
FRESH: Final = 5.0


@dataclass(frozen=True, slots=True)
class Source:
    """A connection with its connector and everything that a call to or from it needs."""

    id: int
    slug: str
    label: str
    account: str
    connector: Any
    manifest: Manifest
    settings: Settings
    signing_secrets: tuple[str, ...]

    def in_zone(self, zone: str) -> Settings:
        """The settings with dates read in another zone."""
        return replace(self.settings, zone=zone)


def client_of(source: Source) -> Client:
    """
    A client for calls to the connection's system; enter it within the loop that uses it.

    Raises NotSent when the address is not allowed.
    """
    return Client.of(
        source.manifest,
        source.settings.base_url,
        allow_loopback=settings.REVOPS_ALLOW_LOOPBACK,
        inside=[ip_network(network) for network in settings.REVOPS_TRUSTED_NETWORKS],
        keeper=Shared(source.id),
    )


_cache: dict[str, tuple[float, Source]] = {}


def forget() -> None:
    """Drop what is cached, after a change in this process."""
    _cache.clear()


def by_hook(public_id: str) -> Source:
    """What is in use is listened to, and nothing else. Raises Connection.DoesNotExist."""
    return _cached(f"hook:{public_id}", public_id=public_id, state=ConnectionState.LIVE)


def by_id(connection_id: int) -> Source:
    """Raises Connection.DoesNotExist."""
    return _cached(f"id:{connection_id}", pk=connection_id)


def by_slug(slug: str) -> Source:
    """Raises Connection.DoesNotExist."""
    return _cached(f"slug:{slug}", slug=slug)


def _cached(key: str, **lookup: Any) -> Source:
    now = time.monotonic()
    known = _cache.get(key)
    if known is not None and now - known[0] < FRESH:
        return known[1]
    source = _load(Connection.objects.get(**lookup))
    _cache[key] = (now, source)
    return source


def _load(connection: Connection) -> Source:
    manifest = registry.manifest(connection.connector)
    secrets: list[str] = []
    if manifest.signature is not None:
        secrets = valid_secrets(connection, manifest.signature.secret)
    opened = settings_of(connection)
    connector = registry.of(connection.connector, opened)
    return Source(
        id=connection.pk,
        slug=connection.slug,
        label=connection.label,
        account=connection.account,
        connector=connector,
        manifest=connector.manifest,
        settings=opened,
        signing_secrets=tuple(secrets),
    )
