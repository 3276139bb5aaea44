"""How new an answer is: what each system behind it told us last, and when it was asked last."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors import registry
from revops.kernel import clock
from revops.store import sql

# Freshness is told to the second; asking for it at every call would cost more than the lookup.
_KEPT_S: Final = 2.0
_GRACE: Final = timedelta(seconds=60)

_HEARD: Final = """
SELECT connection.id, connection.slug, connection.label, connection.connector,
    cursor.connection_id IS NOT NULL AS polled, cursor.polled_at, heard.received_at AS heard_at,
    waiting.since
FROM connectors_connection connection
LEFT JOIN events_sourcecursor cursor ON cursor.connection_id = connection.id
LEFT JOIN LATERAL (
    SELECT event.received_at FROM events_inboundevent event
    WHERE event.connection_id = connection.id ORDER BY event.id DESC LIMIT 1
) heard ON true
LEFT JOIN LATERAL (
    SELECT min(event.received_at) AS since FROM events_inboundevent event
    WHERE event.connection_id = connection.id AND event.state = 'received'
) waiting ON true
WHERE connection.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Source:
    """
    One system. ``as_of``: everything that it had told us by then is in the answer; None when it
    never told anything. ``interval_s`` is how often it is asked, None when it is not.
    """

    id: int
    system: str
    label: str
    as_of: datetime | None
    last_event_at: datetime | None
    last_polled_at: datetime | None
    interval_s: int | None
    stale: bool


@dataclass(frozen=True, slots=True)
class Freshness:
    """``as_of`` is that of the system that lags most."""

    as_of: datetime | None
    stale: bool
    sources: tuple[Source, ...]


_kept: dict[int, tuple[float, Source]] = {}


def forget() -> None:
    """Drop what is kept for two seconds, for tests."""
    _kept.clear()


def of(connection_ids: Iterable[int]) -> Freshness:
    """Of the systems with these ids; at most one statement."""
    wanted = sorted(set(connection_ids))
    moment = time.monotonic()
    missing = [id for id in wanted if id not in _kept or moment - _kept[id][0] > _KEPT_S]
    if missing:
        at = clock.now()
        for row in sql.rows(_HEARD, (missing,)):
            _kept[row.id] = (moment, _source(row, at))
    sources = tuple(_kept[id][1] for id in wanted if id in _kept)
    known = [source.as_of for source in sources]
    lagging = None if not known or None in known else min(item for item in known if item)
    return Freshness(lagging, any(source.stale for source in sources), sources)


def _source(row: Any, at: datetime) -> Source:
    interval = None
    if row.polled:
        interval = registry.manifest(row.connector).poll_interval_s
    contacts = [moment for moment in (row.polled_at, row.heard_at) if moment is not None]
    contact = max(contacts, default=None)
    as_of = contact if row.since is None or contact is None else min(contact, row.since)
    late = timedelta(seconds=interval or 0) + _GRACE
    stale = as_of is None or (interval is not None and at - as_of > late)
    return Source(
        row.id, row.slug, row.label, as_of, row.heard_at, row.polled_at, interval, stale
    )  # fmt: skip
