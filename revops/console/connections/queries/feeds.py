"""What sources tell us: how fresh it is, and what of it is still to be worked on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from revops.events.models import SourceCursor
from revops.store import sql
from revops.web.formats import span_text

# The newest event of a source is looked for among so many of all: a quiet source beside a busy one
# is known by its poll.
AMONG: Final = 20_000
# Longer than a sweep takes to find what is due.
OVERDUE_AFTER: Final = timedelta(minutes=2)

_FEEDS: Final = f"""
SELECT source.id AS connection_id, now() AS now, newest.received_at AS heard_at,
    line.waiting, line.parked, line.oldest_at, line.due_at,
    (SELECT count(*) FROM events_inboundevent event
     WHERE event.connection_id = source.id AND event.state = 'quarantined') AS aside
FROM unnest(%s::bigint[]) AS source (id)
LEFT JOIN LATERAL (
    SELECT event.received_at FROM events_inboundevent event
    WHERE event.connection_id = source.id
        AND event.id > (SELECT max(id) FROM events_inboundevent) - {AMONG}
    ORDER BY event.id DESC LIMIT 1
) AS newest ON true
LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE event.state = 'received') AS waiting,
        count(*) FILTER (WHERE event.state = 'parked') AS parked,
        min(event.received_at) FILTER (WHERE event.state = 'received') AS oldest_at,
        min(event.next_at) FILTER (WHERE event.state = 'received') AS due_at
    FROM events_inboundevent event
    WHERE event.connection_id = source.id AND event.state IN ('received', 'parked')
) AS line ON true
"""  # noqa: S608  own literals


@dataclass(frozen=True, slots=True)
class Feed:
    """
    One source. ``waiting`` events are to be worked on, the first since ``oldest_at``; ``parked``
    ones wait for another record, ``aside`` are quarantined with a case each. ``heard_at`` is when
    the newest event came, None when none did lately.
    """

    status: str
    story: str
    heard_at: datetime | None
    waiting: int
    parked: int
    aside: int
    oldest_at: datetime | None
    cursor: SourceCursor | None

    @property
    def fresh_at(self) -> datetime | None:
        """Until when we surely know everything: the newest event or the latest good poll."""
        polled = self.cursor.polled_at if self.cursor else None
        return max((at for at in (self.heard_at, polled) if at), default=None)


def feeds(
    cursors: Mapping[int, SourceCursor | None], *, webhooks_missing: frozenset[int]
) -> dict[int, Feed]:
    """
    The feed of each source, by connection id. One query.

    ``cursors`` has a key for every source; ``webhooks_missing`` are those with a case of that kind.
    """
    if not cursors:
        return {}
    found = {}
    for row in sql.rows(_FEEDS, (list(cursors),)):
        cursor = cursors[row.connection_id]
        missing = row.connection_id in webhooks_missing
        status, story = describe(row, cursor, webhooks_missing=missing)
        found[row.connection_id] = Feed(
            status, story, row.heard_at, row.waiting, row.parked, row.aside, row.oldest_at, cursor
        )
    return found


def describe(row: Any, cursor: SourceCursor | None, *, webhooks_missing: bool) -> tuple[str, str]:
    """(status, story): whether we know what happens there, and since when we may not."""
    now: datetime = row.now
    rest = _rest(row)
    if cursor and cursor.problem:
        again = span_text(max(cursor.next_at - now, timedelta()))
        good = span_text(now - cursor.polled_at) + " ago" if cursor.polled_at else "never"
        lead = f"Polling fails: {_sentence(cursor.problem)} The latest good poll was {good}."
        next_try = f"It is tried again in {again}; webhooks are taken all the same."
        return "at_risk", _together(lead, next_try, rest)
    if row.due_at and now - row.due_at > OVERDUE_AFTER:
        age = span_text(now - row.oldest_at)
        lead = f"{_count(row.waiting, 'event')} not worked on yet, the oldest for {age}."
        return "late", _together(lead, "Nothing holds them back: see the workers.")
    if cursor and now - cursor.next_at > OVERDUE_AFTER:
        age = span_text(now - cursor.next_at)
        return "late", _together(f"A poll has been due for {age} and nobody does it.", rest)
    if webhooks_missing:
        lead = "Webhooks miss events: polls bring them, minutes late."
        return "at_risk", _together(lead, rest)
    if row.heard_at is None and not (cursor and cursor.found):
        lead = "No event has come yet."
        return "new", _together(lead, "Polls find nothing new." if _polled(cursor) else "")
    return "healthy", _together("Events are taken as they come.", rest)


def _polled(cursor: SourceCursor | None) -> bool:
    return cursor is not None and cursor.polled_at is not None


def _rest(row: Any) -> str:
    parts: Sequence[str] = (
        f"{_count(row.parked, 'event')} waiting for another record." if row.parked else "",
        f"{_count(row.aside, 'event')} put aside, each with a case." if row.aside else "",
    )
    return _together(*parts)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun} is" if count == 1 else f"{count:,} {noun}s are"


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _together(*parts: str) -> str:
    return " ".join(part for part in parts if part)
