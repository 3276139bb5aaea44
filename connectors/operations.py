"""Changing what a connection holds. Secrets go in and are never shown again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from connectors import registry, vault
from connectors.models import AccessToken, Connection, Secret
from revops.audit.operations import record
from revops.kernel import clock
from revops.kernel.actor import acting, system

LONGEST_SECRET: Final = 8 * 1024
_SHORTEST_WITH_ENDING: Final = 12


class SecretRefused(ValueError):
    """The secret cannot be kept; the message says why and never shows it."""


def set_secret(
    connection: Connection, name: str, value: str, *, overlap: timedelta = timedelta(0)
) -> Secret:
    """
    Keep ``value`` as the secret ``name`` of a connection, sealed.

    Earlier values stay valid for ``overlap`` beside it, so that a sender can change over without
    a refused call; without overlap they end now. Space around the value is dropped: it comes from
    copying. Raises SecretRefused, and connectors.registry.ConnectorUnknown.
    """
    value = value.strip()
    _check(connection, name, value)
    now = clock.now()
    with transaction.atomic():
        # One change at a time for a connection, or two would leave both values without an end.
        Connection.objects.select_for_update().get(pk=connection.pk)
        earlier = connection.secrets.filter(name=name)
        until = now + overlap
        earlier.filter(valid_from__gte=until).delete()
        earlier.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=until)).update(valid_to=until)
        kept = Secret.objects.create(
            connection=connection,
            name=name,
            ciphertext=vault.seal(value, context=vault.context_of(connection.pk, name)),
            ending=value[-4:] if len(value) >= _SHORTEST_WITH_ENDING else "",
            valid_from=now,
        )
        record(
            "connections.secret", by=acting().actor or system("console", "The console"),
            kind="connection", reference=connection.slug, label=str(connection),
            after={"secret": name, "earlier_ones_end": until},
        )  # fmt: skip
    return kept


def reseal_secrets() -> int:
    """
    Wrap every secret's key by the newest key; how many changed. Afterwards older keys can go.

    Raises connectors.vault.SecretUnreadable when a key that is still needed is already gone;
    nothing has changed then.
    """
    changed = 0
    with transaction.atomic():
        for secret in Secret.objects.select_for_update().order_by("pk"):
            if vault.sealed_by_newest(secret.ciphertext):
                continue
            context = vault.context_of(secret.connection_id, secret.name)
            secret.ciphertext = vault.reseal(secret.ciphertext, context=context)
            secret.save(update_fields=["ciphertext"])
            changed += 1
        # Found by a digest under the newest key: they would never be asked for again.
        if changed:
            AccessToken.objects.all().delete()
    return changed


def _check(connection: Connection, name: str, value: str) -> None:
    known = [secret.name for secret in registry.manifest(connection.connector).secrets]
    if name not in known:
        raise SecretRefused(
            f"{connection} has no secret “{name}” (it has: {', '.join(known) or 'none'})."
        )
    if not value:
        raise SecretRefused(f"The secret “{name}” is empty.")
    if len(value) > LONGEST_SECRET:
        raise SecretRefused(f"The secret “{name}” is longer than {LONGEST_SECRET} characters.")
    if not value.replace("\n", "").isprintable():
        raise SecretRefused(f"The secret “{name}” holds characters that cannot be seen.")
