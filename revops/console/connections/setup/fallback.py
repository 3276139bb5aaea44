"""Where a connection's messages go while it is stopped, as its gate keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.models import Connection, ConnectionState
from revops.console.connections.operations import ActRefused
from revops.console.connections.setup.forms.fallback import USUAL
from revops.delivery import gates
from revops.delivery.models import Gate
from revops.pipeline.fallback import able


def held(connection: Connection) -> tuple[str, int] | None:
    """The slug (blank: notices wait) and after how many minutes; None where it takes none."""
    if not able(connection.connector):
        return None
    gate = Gate.objects.select_related("fallback").filter(connection=connection).first()
    if gate is None:
        return "", USUAL
    return gate.fallback.slug if gate.fallback else "", gate.fallback_after


def keep(connection: Connection, to: Mapping[str, Any]) -> None:
    """
    What settings say of it, if they do.

    Raises ActRefused when the other way is not in use any more.
    """
    if "fallback" not in to:
        return
    other = None
    if to["fallback"]:
        live = Connection.objects.filter(state=ConnectionState.LIVE).exclude(pk=connection.pk)
        other = live.filter(slug=to["fallback"]).first()
        if other is None or not able(other.connector):
            raise ActRefused(f"{to['fallback']} is not in use: choose another way for notices.")
    gates.fall_back(connection.pk, to=other.pk if other else None, after=to["fallback_after"])
