"""What a connection has: its settings as a form gives them, a legal entity, its credentials."""

from __future__ import annotations

from typing import Any

from connectors import registry
from connectors.manifest import Manifest
from connectors.models import Connection, Secret
from revops.console.connections.setup import fallback
from revops.console.connections.setup.content import Setup
from revops.console.connections.setup.ways import secrets_of
from revops.kernel import clock
from revops.mappings.models import EntityMap, LegalEntity


def content_of(connection: Connection) -> dict[str, Any]:
    """Its settings as a form would give them."""
    home = EntityMap.objects.filter(connection=connection, hint="").first()
    manifest = registry.manifest(connection.connector)
    return Setup(
        label=connection.label,
        environment=connection.environment,
        base_url=connection.base_url,
        zone=connection.zone,
        entity=home.legal_entity.code if home and manifest.emits else "",
        parameters=connection.parameters,
        fallback=fallback.held(connection),
    ).content()


def missing(connection: Connection, manifest: Manifest | None = None) -> list[str]:
    """The labels of secrets that are needed and have no value now."""
    manifest = manifest or registry.manifest(connection.connector)
    now = clock.now()
    held = {
        one.name
        for one in Secret.objects.filter(connection=connection, valid_from__lte=now)
        if one.valid_to is None or one.valid_to > now
    }
    return [
        one.label
        for one, needed in secrets_of(manifest, connection.parameters)
        if needed and one.name not in held
    ]


def set_home(connection: Connection, entity: str) -> None:
    """Whose books what names none belongs to."""
    if not entity:
        EntityMap.objects.filter(connection=connection, hint="").delete()
        return
    EntityMap.objects.update_or_create(
        connection=connection, hint="",
        defaults={"legal_entity": LegalEntity.objects.get(code=entity)},
    )  # fmt: skip


def end_secrets(connection: Connection) -> None:
    now = clock.now()
    connection.secrets.filter(valid_from__gte=now).delete()
    connection.secrets.filter(valid_to__isnull=True).update(valid_to=now)
    connection.secrets.filter(valid_to__gt=now).update(valid_to=now)
