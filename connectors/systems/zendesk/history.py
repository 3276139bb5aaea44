"""
What a ticket does not say of itself, and its audits do: since when it is escalated, and when it was
opened again. Audits are read only of tickets of which one of both is to be told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from connectors.systems.zendesk.answers import Json
from connectors.systems.zendesk.names import Names
from connectors.systems.zendesk.wire import Zendesk

OVER: Final = ("solved", "closed")


def wanted(row: Json, names: Names) -> bool:
    """Whether the audits of a ticket, read with its metrics, have something to tell."""
    return bool(names.escalates(row.get("tags"))) or _reopened(row)


async def of(desk: Zendesk, names: Names, row: Json) -> Json:
    """``escalated_at`` and ``reopened_at``, as Zendesk writes times; only what there is."""
    if not wanted(row, names) or type(row.get("id")) is not int:
        return {}
    return told(await desk.audits(row["id"]), row, names)


def told(audits: Sequence[Json], row: Json, names: Names) -> Json:
    """The last of each; the ticket's own time where the audits do not reach back to it."""
    found: dict[str, Any] = {}
    if names.escalates(row.get("tags")):
        found["escalated_at"] = row.get("updated_at")
    if _reopened(row):
        found["reopened_at"] = row.get("updated_at")
    for at, change in _changes(audits):
        name, value, before = (change.get(key) for key in ("field_name", "value", "previous_value"))
        if name == "tags" and "escalated_at" in found:
            if names.escalates(value) and not names.escalates(before):
                found["escalated_at"] = at
        elif name == "status" and "reopened_at" in found and before in OVER and value not in OVER:
            found["reopened_at"] = at
    return found


def _reopened(row: Json) -> bool:
    metrics = row.get("metric_set")
    count = metrics.get("reopens") if isinstance(metrics, Mapping) else None
    return type(count) is int and count > 0 and row.get("status") not in OVER


def _changes(audits: Sequence[Json]) -> Iterator[tuple[Any, Json]]:
    for audit in audits:
        events = audit.get("events")
        for event in events if isinstance(events, list) else ():
            if isinstance(event, Mapping) and event.get("type") in ("Create", "Change"):
                yield audit.get("created_at"), event
