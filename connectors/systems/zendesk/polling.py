"""
What changed since the last poll: tickets by the incremental cursor export, and SLA breaches by the
export of metric events, since a breach changes no ticket. Both are told as tickets that were read.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from connectors.contract import CallFailed, Outcome, Page, PayloadUnreadable
from connectors.manifest import Manifest
from connectors.systems.zendesk import history, told
from connectors.systems.zendesk.answers import Json
from connectors.systems.zendesk.names import Names
from connectors.systems.zendesk.wire import PAGE, Zendesk
from revops.kernel import strict_json
from revops.kernel.clock import now

# The export wants a start that is at least a minute old.
_YOUNGEST_S: Final = 61


@dataclass(frozen=True, slots=True)
class Place:
    """``tickets`` is Zendesk's cursor, empty before the first page; the others are seconds."""

    since: int
    tickets: str
    metrics: int


async def poll(desk: Zendesk, names: Names, manifest: Manifest, *, cursor: str) -> Page:
    """Raises Problem, CallFailed, or PayloadUnreadable for a cursor of somebody else."""
    place = _read(cursor, manifest)
    tickets, after, more = await desk.changed(cursor=place.tickets, since=place.since)
    events, end, unread = await desk.metrics(since=place.metrics)
    breached: dict[int, list[Json]] = {}
    for event in events:
        if event.get("type") == "breach" and not event.get("deleted"):
            try:
                number = told.whole(event.get("ticket_id"), field="ticket_id")
            except PayloadUnreadable as error:
                raise CallFailed(Outcome.TRANSIENT, f"A breach cannot be read: {error}") from error
            breached.setdefault(number, []).append(_short(event))
    known: dict[int, Json] = {}
    numbers = sorted(breached)
    for start in range(0, len(numbers), PAGE):
        known |= await desk.tickets(numbers[start : start + PAGE])
    bodies = await _bodies(desk, names, [(one, ()) for one in tickets])
    bodies += await _bodies(desk, names, [(one, breached[number]) for number, one in known.items()])
    # Events of the last moments may still be added behind the end: it is read again.
    again = end if unread else max(place.metrics, end - manifest.poll_overlap_s)
    return Page(
        tuple(dict.fromkeys(bodies)), _write(Place(place.since, after, again)), more or unread
    )


async def _bodies(
    desk: Zendesk, names: Names, found: Sequence[tuple[Json, Sequence[Json]]]
) -> list[bytes]:
    numbers = sorted(
        {one["organization_id"] for one, _ in found if type(one.get("organization_id")) is int}
    )
    organizations: dict[int, Json] = {}
    for start in range(0, len(numbers), PAGE):
        organizations |= await desk.organizations(numbers[start : start + PAGE])
    return [
        told.read_body(
            told.POLL,
            ticket(one),
            of(one, organizations),
            breaches,
            history=await history.of(desk, names, one),
        )
        for one, breaches in found
    ]


def ticket(row: Json) -> Json:
    """The part of a ticket that we read: exports and single reads carry more, and not the same."""
    parts = (
        "id", "subject", "priority", "status", "organization_id", "created_at", "updated_at",
        "custom_fields",
    )  # fmt: skip
    return {name: row.get(name) for name in parts}


def of(row: Json, organizations: dict[int, Json]) -> Json | None:
    """The organization of a ticket, as far as it is read."""
    number = row.get("organization_id")
    found = organizations.get(number) if type(number) is int else None
    return {"id": found.get("id"), "external_id": found.get("external_id")} if found else None


def _short(event: Json) -> Json:
    return {name: event.get(name) for name in ("id", "type", "metric", "time")}


def _read(cursor: str, manifest: Manifest) -> Place:
    if not cursor:
        since = int(now().timestamp()) - max(manifest.first_lookback_s, _YOUNGEST_S)
        return Place(since, "", since)
    try:
        found: Any = json.loads(cursor)
        return Place(int(found["since"]), str(found["tickets"]), int(found["metrics"]))
    except (ValueError, TypeError, KeyError) as error:
        raise PayloadUnreadable("The poll's cursor cannot be read.") from error


def _write(place: Place) -> str:
    return strict_json.dumps(
        {"since": place.since, "tickets": place.tickets, "metrics": place.metrics}
    )
