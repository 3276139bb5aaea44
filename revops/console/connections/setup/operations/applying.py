"""What was agreed to, or needs nobody's yes, within the transaction that holds the row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from accounts.models import User
from connectors import registry
from connectors.manifest import Capability
from connectors.models import Connection, ConnectionState
from revops.audit.operations import recorded
from revops.console.connections.operations import noted
from revops.console.connections.setup import address, fallback
from revops.console.connections.setup.operations.holding import content_of, end_secrets, set_home
from revops.delivery import gates
from revops.events.models import SourceCursor
from revops.kernel import clock
from revops.pipeline import sources, wake


@recorded
def apply_change(connection: Connection, to: Mapping[str, Any], *, by: User) -> str:
    """
    Within the transaction that holds the row. Another address ends every credential, and what was
    in use is a draft again until new ones are there. A draft whose settings are changed goes into
    use by another administrator's yes, whatever was agreed to before.
    """
    before = content_of(connection)
    moved = address.moved(registry.manifest(connection.connector), before, to)
    was_live = connection.state == ConnectionState.LIVE
    for name in ("label", "environment", "base_url", "zone", "parameters"):
        setattr(connection, name, to[name])
    if moved:
        end_secrets(connection)
        connection.account = ""
    if moved and was_live:
        connection.state = ConnectionState.DRAFT
        connection.agreed_url = connection.base_url
        gates.pause(connection.pk, by=by.name, reason="Its address was changed", until=None)
    elif not was_live and any(before[name] != to[name] for name in to if name != "label"):
        connection.agreed_url = ""
    connection.save()
    set_home(connection, to["entity"])
    fallback.keep(connection, to)
    noted("connections.change", connection, by, before, dict(to))
    transaction.on_commit(sources.forget)
    if moved:
        return f"Saved. {connection} has another address, so its credentials were cleared."
    return f"Saved the settings of {connection}."


@recorded
def go_live(connection: Connection, *, by: User) -> str:
    """Within the transaction that holds the row."""
    manifest = registry.manifest(connection.connector)
    connection.state = ConnectionState.LIVE
    connection.agreed_url = connection.base_url
    connection.save(update_fields=["state", "agreed_url"])
    if manifest.can(Capability.COMMANDS):
        gates.resume(connection.pk)
        transaction.on_commit(lambda: wake.delivery(connection.pk), robust=True)
    if manifest.can(Capability.EVENTS):
        SourceCursor.objects.get_or_create(connection=connection, defaults={"next_at": clock.now()})
    noted("connections.use", connection, by, {"state": "draft"}, {"state": "live"})
    transaction.on_commit(sources.forget)
    return f"{connection} is in use."


@recorded
def end_use(connection: Connection, *, by: User, reason: str) -> str:
    """Within the transaction that holds the row."""
    before = connection.state
    connection.state = ConnectionState.RETIRED
    connection.save(update_fields=["state"])
    gates.pause(connection.pk, by=by.name, reason="It was taken out of use", until=None)
    end_secrets(connection)
    noted("connections.retire", connection, by, {"state": before}, {"state": "retired"}, reason)
    transaction.on_commit(sources.forget)
    return f"{connection} is out of use, and its credentials are gone. What it told stays."
