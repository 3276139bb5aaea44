"""Accepting that a system sends something else than its connector knows."""

from __future__ import annotations

from typing import Final

import structlog
from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from connectors.models import Connection, SchemaDrift
from revops.audit.operations import record, recorded
from revops.console.connections.operations import ActRefused
from revops.kernel import clock

log = structlog.get_logger(__name__)

# Of those that are accepted together; the record names so many.
_NAMED: Final = 20


@recorded
def accept(*, slug: str, number: int | None, by: User) -> str:
    """
    Somebody knows of a difference and does not mind; no ``number`` is all of them. Another type of
    the same field is another difference, and is told again.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused when there is nothing to accept.
    """
    by = authorize(by, "connections.change", fresh=True)
    connection = Connection.objects.get(slug=slug)
    with transaction.atomic():
        found = SchemaDrift.objects.select_for_update().filter(
            connection=connection, accepted_at__isnull=True
        )
        held = list((found.filter(pk=number) if number else found).order_by("object_kind", "path"))
        if not held:
            raise ActRefused("Somebody accepted it already, or it is not there.")
        SchemaDrift.objects.filter(pk__in=[one.pk for one in held]).update(
            accepted_at=clock.now(), accepted_by=by.name
        )
        record(
            "connections.drift", by=actor_of(by), kind="connection", reference=connection.slug,
            label=str(connection),
            after={f"{one.object_kind} {one.path}": one.change for one in held[:_NAMED]}
            | {"accepted": len(held)},
        )  # fmt: skip
    log.info("connections.drift_accepted", connection=slug, by=by.pk, count=len(held))
    if len(held) == 1:
        return f"Accepted: {held[0].path} of {held[0].object_kind}."
    return f"Accepted: {len(held)} differences of {connection}."
