"""A draft, and the credentials of what is there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Final

import structlog
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from accounts.models import User
from accounts.queries import authorize
from connectors import registry
from connectors.manifest import Capability
from connectors.models import Connection, ConnectionState
from connectors.operations import SecretRefused, set_secret
from revops.audit.operations import recorded
from revops.console.connections.operations import ActRefused, noted
from revops.console.connections.setup import fallback
from revops.console.connections.setup.content import Setup
from revops.console.connections.setup.operations.holding import set_home
from revops.delivery import gates
from revops.delivery.models import Gate
from revops.pipeline import sources

log = structlog.get_logger(__name__)

_MOST_OF_A_NAME: Final = 50
_NOT_YET: Final = "It is being set up"


@recorded
def add(*, connector: str, setup: Setup, by: User) -> Connection:
    """
    Keep a draft: nothing is sent to it or taken from it.

    Raises NotAllowed, connectors.registry.ConnectorUnknown, and ActRefused when the name is taken.
    """
    by = authorize(by, "connections.change", fresh=True)
    manifest = registry.manifest(connector)
    if Connection.objects.filter(label__iexact=setup.label).exists():
        raise ActRefused(f"There is a connection called {setup.label} already: name it otherwise.")
    with transaction.atomic():
        try:
            connection = Connection.objects.create(
                slug=_free(setup.label), connector=connector, state=ConnectionState.DRAFT,
                label=setup.label, environment=setup.environment, base_url=setup.base_url,
                zone=setup.zone, parameters=dict(setup.parameters),
            )  # fmt: skip
        except IntegrityError:
            raise ActRefused(
                "Somebody added one of that name just now: look at the list."
            ) from None
        if manifest.can(Capability.COMMANDS):
            Gate.objects.create(connection=connection, max_in_flight=manifest.max_in_flight)
            gates.pause(connection.pk, by=by.name, reason=_NOT_YET, until=None)
        set_home(connection, setup.entity)
        fallback.keep(connection, setup.content())
        noted("connections.add", connection, by, after=setup.content())
    log.info("connections.added", connection=connection.slug, connector=connector, by=by.pk)
    return connection


@recorded
def rotate(
    *,
    slug: str,
    given: Iterable[tuple[str, str, date | None]],
    kept_for: timedelta,
    by: User,
) -> str:
    """
    Keep new values of secrets; the old ones work beside them for ``kept_for``.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused for a value that cannot be kept: then
    none is.
    """
    by = authorize(by, "connections.change", fresh=True)
    connection = Connection.objects.get(slug=slug)
    labels = {one.name: one.label for one in registry.manifest(connection.connector).secrets}
    done = []
    with transaction.atomic():
        for name, value, ends_on in given:
            try:
                kept = set_secret(connection, name, value, overlap=kept_for)
            except SecretRefused as refused:
                raise ActRefused(str(refused)) from refused
            if ends_on:
                kept.ends_on = ends_on
                kept.save(update_fields=["ends_on"])
            done.append(labels[name])
        transaction.on_commit(sources.forget)
    log.info("connections.credentials_changed", connection=slug, by=by.pk, count=len(done))
    return f"Kept for {connection}: {', '.join(done)}. Nobody can read it here again."


def _free(label: str) -> str:
    """A slug that nobody has: it is part of every key of what the connection tells, for good."""
    first = slugify(label)[:_MOST_OF_A_NAME]
    held = set(Connection.objects.filter(slug__startswith=first).values_list("slug", flat=True))
    return next(
        one for one in (first, *(f"{first}-{n}" for n in range(2, 1_000))) if one not in held
    )
