"""Reading connections."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from connectors import vault
from connectors.contract import Settings
from connectors.models import Connection, Secret
from revops.kernel import clock


def settings_of(connection: Connection) -> Settings:
    """
    A connection as its connector sees it, with its secrets opened: the newest valid one of each
    name. Raises connectors.vault.SecretUnreadable.
    """
    newest: dict[str, Secret] = {}
    for secret in _valid(connection):
        newest.setdefault(secret.name, secret)
    return Settings(
        slug=connection.slug,
        base_url=connection.base_url,
        parameters=connection.parameters,
        secrets={name: _opened(secret) for name, secret in newest.items()},
        zone=connection.zone,
    )


def valid_secrets(connection: Connection, name: str) -> list[str]:
    """
    The values of a secret that are valid now, the newest first; several while one is rotated.
    Raises connectors.vault.SecretUnreadable.
    """
    return [_opened(secret) for secret in _valid(connection).filter(name=name)]


def _valid(connection: Connection) -> QuerySet[Secret]:
    now = clock.now()
    return (
        Secret.objects.filter(connection=connection, valid_from__lte=now)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gt=now))
        .order_by("-valid_from", "-pk")
    )


def _opened(secret: Secret) -> str:
    return vault.open_(
        secret.ciphertext, context=vault.context_of(secret.connection_id, secret.name)
    )
