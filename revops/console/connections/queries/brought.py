"""What comes neither as events nor by asking: usage of a product, lists that people bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from connectors.manifest import Capability, Manifest
from connectors.models import Connection
from revops.store import sql

_LATEST: Final = """
SELECT source.id, batch.received_at, batch.accepted, load.ended_at, load.starts, load.ends
FROM unnest(%s::bigint[]) AS source (id)
LEFT JOIN LATERAL (
    SELECT received_at, accepted FROM usage_batch WHERE connection_id = source.id
    ORDER BY received_at DESC LIMIT 1) batch ON true
LEFT JOIN LATERAL (
    SELECT ended_at, starts, ends FROM reconciliation_load
    WHERE connection_id = source.id AND state = 'done' ORDER BY id DESC LIMIT 1) load ON true
"""


@dataclass(frozen=True, slots=True)
class Brought:
    """``at`` is when the latest came, None before the first; ``what`` names it on lists."""

    what: str
    story: str
    at: datetime | None


def is_brought(manifest: Manifest | None) -> bool:
    """Whether a connector neither tells events nor takes commands, and yet brings something."""
    if manifest is None or manifest.can(Capability.EVENTS) or manifest.can(Capability.COMMANDS):
        return False
    return manifest.can(Capability.USAGE) or bool(manifest.lists)


def brought(held: Sequence[tuple[Connection, Manifest]]) -> Mapping[int, Brought]:
    """By connection. One query, none when there are none."""
    if not held:
        return {}
    rows = {row.id: row for row in sql.rows(_LATEST, ([one.pk for one, _ in held],))}
    found = {}
    for connection, manifest in held:
        row = rows[connection.pk]
        if manifest.can(Capability.USAGE):
            story = "Records are taken as they come." if row.received_at else "No record came yet."
            found[connection.pk] = Brought("usage in", story, row.received_at)
        else:
            story = (
                f"The newest list is of {_days(row)}."
                if row.ended_at
                else "No list was brought yet: reconciliation takes one as a file."
            )
            found[connection.pk] = Brought("lists in", story, row.ended_at)
    return found


def _days(row: Any) -> str:
    last = f"{row.ends:%-d %b %Y}"
    return last if row.starts == row.ends else f"{row.starts:%-d %b %Y} to {last}"
