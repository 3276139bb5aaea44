"""
Adding stored records up to days of who pays for them.

A batch is counted exactly once: in the transaction that marks it. Streams are locked in the order
of their ids, so a stream that is counted anew (because somebody became known, or a subscription
changed) and a batch that brings more of it never add to the same days at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from revops.store import sql
from revops.usage.queries.matching import Candidates, candidates

# Batches counted together: up to a hundred thousand records in one statement.
TOGETHER: Final = 20
STREAMS: Final = 2_000

_CLAIM: Final = """
SELECT id, first_id, last_id, first_used_at, last_used_at FROM usage_batch
WHERE counted_at IS NULL ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
"""
_STREAMS_OF: Final = """
SELECT DISTINCT stream_id FROM usage_record
WHERE id BETWEEN %s AND %s AND used_at BETWEEN %s AND %s AND batch_id = ANY(%s)
"""
_LOCK: Final = """
SELECT id FROM usage_stream WHERE id = ANY(%s) ORDER BY id FOR UPDATE
"""
_ADD_UP: Final = """
SELECT record.stream_id, (record.used_at AT TIME ZONE zones.zone)::date AS day,
    sum(record.quantity) AS quantity, count(*) AS records, max(record.used_at) AS last_used_at
FROM usage_record record
JOIN unnest(%s::bigint[], %s::text[]) AS zones (stream_id, zone) USING (stream_id)
WHERE record.id BETWEEN %s AND %s AND record.used_at BETWEEN %s AND %s
    AND record.batch_id = ANY(%s)
GROUP BY 1, 2
"""
_ADD_ANEW: Final = """
SELECT record.stream_id, (record.used_at AT TIME ZONE zones.zone)::date AS day,
    sum(record.quantity) AS quantity, count(*) AS records, max(record.used_at) AS last_used_at
FROM unnest(%s::bigint[], %s::text[]) AS zones (stream_id, zone)
JOIN usage_record record USING (stream_id)
JOIN usage_batch batch ON batch.id = record.batch_id AND batch.counted_at IS NOT NULL
GROUP BY 1, 2
"""
_WRITE: Final = """
INSERT INTO usage_daytotal AS held (
    stream_id, day, subscription_id, quantity, records, last_used_at, problem
)
SELECT * FROM unnest(
    %b::bigint[], %b::date[], %b::bigint[], %b::numeric[], %b::bigint[], %b::timestamptz[],
    %b::text[])
ON CONFLICT (stream_id, day) DO UPDATE SET
    quantity = held.quantity + EXCLUDED.quantity, records = held.records + EXCLUDED.records,
    last_used_at = greatest(held.last_used_at, EXCLUDED.last_used_at),
    subscription_id = EXCLUDED.subscription_id, problem = EXCLUDED.problem
"""
_DIRTY: Final = """
INSERT INTO usage_account AS held (subscription_id, meter, dirty_from, problem)
SELECT subscription_id, meter, min(day), '' FROM unnest(%b::bigint[], %b::text[], %b::date[])
    AS moved (subscription_id, meter, day)
GROUP BY 1, 2 ORDER BY 1, 2
ON CONFLICT (subscription_id, meter) DO UPDATE SET
    dirty_from = least(held.dirty_from, EXCLUDED.dirty_from)
"""
_COUNTED: Final = "UPDATE usage_batch SET counted_at = now() WHERE id = ANY(%s)"
_GONE: Final = """
DELETE FROM usage_daytotal WHERE stream_id = ANY(%s) RETURNING stream_id, day, subscription_id
"""
_METERS: Final = "SELECT id, meter FROM usage_stream WHERE id = ANY(%s)"
_UNMATCHED: Final = """
SELECT DISTINCT stream_id FROM usage_daytotal WHERE subscription_id IS NULL AND stream_id > %s
ORDER BY stream_id LIMIT %s
"""
# Streams whose subscriptions changed since they were counted: another may pay for some days.
_MOVED: Final = """
SELECT DISTINCT day.stream_id FROM usage_daytotal day
JOIN canonical_subscription subscription ON subscription.id = day.subscription_id
WHERE subscription.updated_at > now() - %s * interval '1 second'
LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """How many batches were counted, and the streams that nobody pays for on some of their days."""

    batches: int = 0
    unmatched: tuple[int, ...] = ()


def count() -> Counted:
    """Count some batches that nobody has counted. Says how many; 0 when there are none."""
    with sql.atomic():
        claimed = sql.rows(_CLAIM, (TOGETHER,))
        if not claimed:
            return Counted()
        ids = [row.id for row in claimed]
        held = [row for row in claimed if row.first_id is not None]
        wanted: list[int] = []
        if held:
            where = (
                min(row.first_id for row in held), max(row.last_id for row in held),
                min(row.first_used_at for row in held), max(row.last_used_at for row in held), ids,
            )  # fmt: skip
            wanted = [row.stream_id for row in sql.rows(_STREAMS_OF, where)]
            sql.run(_LOCK, (wanted,))
            known = candidates(wanted)
            added = sql.rows(_ADD_UP, (*_zones(known), *where))
            other = _otherwise_held(added, known)
            _write([row for row in added if row.stream_id not in other], known)
        sql.run(_COUNTED, (ids,))
        if held and other:
            _count_anew(sorted(other), known)
        left = [row.stream_id for row in sql.rows(_LEFT, (wanted,))]
    return Counted(len(claimed), tuple(left))


_LEFT: Final = """
SELECT DISTINCT stream_id FROM usage_daytotal
WHERE stream_id = ANY(%s) AND subscription_id IS NULL
"""


def match_again(*, changed_within: float) -> list[int]:
    """
    Look again for who pays for unmatched streams, and for streams whose subscription changed
    within so many seconds; the streams that were counted anew, as the answer is another one.
    """
    again: list[int] = []
    after = 0
    while True:
        ids = [row.stream_id for row in sql.rows(_UNMATCHED, (after, STREAMS))]
        if not ids:
            break
        after = ids[-1]
        again += _match_again(ids)
    ids = [row.stream_id for row in sql.rows(_MOVED, (changed_within, STREAMS))]
    return again + _match_again(ids)


def _match_again(ids: Sequence[int]) -> list[int]:
    if not ids:
        return []
    with sql.atomic():
        sql.run(_LOCK, (sorted(ids),))
        known = candidates(ids)
        other = sorted(_answered_differently(ids, known))
        _count_anew(other, known)
    return other


def _count_anew(streams: list[int], known: dict[int, Candidates]) -> None:
    """All days of the streams from their records; both who paid and who pays are rated again."""
    if not streams:
        return
    chosen = {one: known[one] for one in streams}
    gone = sql.rows(_GONE, (streams,))
    meters = _meters(streams)
    _dirty([(row.subscription_id, meters[row.stream_id], row.day) for row in gone])
    _write(sql.rows(_ADD_ANEW, _zones(chosen)), chosen)


_HELD_OTHERWISE: Final = """
SELECT DISTINCT stream_id FROM usage_daytotal
WHERE stream_id = ANY(%s) AND subscription_id IS NULL
UNION
SELECT DISTINCT held.stream_id
FROM unnest(%s::bigint[], %s::date[], %s::bigint[]) AS brought (stream_id, day, subscription_id)
JOIN usage_daytotal held USING (stream_id, day)
WHERE held.subscription_id IS DISTINCT FROM brought.subscription_id
"""


def _otherwise_held(added: Sequence[Any], known: dict[int, Candidates]) -> set[int]:
    """Streams whose days were counted for somebody else, or in UTC because nobody was known."""
    brought = [(row.stream_id, row.day, known[row.stream_id].on(row.day)[0]) for row in added]
    streams = sorted({row.stream_id for row in added if not known[row.stream_id].problem})
    columns = [list(column) for column in zip(*brought, strict=True)] or [[], [], []]
    return {row.stream_id for row in sql.rows(_HELD_OTHERWISE, (streams, *columns))}


_DAYS: Final = """
SELECT stream_id, day, subscription_id, problem FROM usage_daytotal WHERE stream_id = ANY(%s)
"""


def _answered_differently(ids: Sequence[int], known: dict[int, Candidates]) -> set[int]:
    return {
        row.stream_id
        for row in sql.rows(_DAYS, (list(ids),))
        if known[row.stream_id].on(row.day) != (row.subscription_id, row.problem)
    }


def _write(added: Sequence[Any], known: dict[int, Candidates]) -> None:
    if not added:
        return
    meters = _meters({row.stream_id for row in added})
    values = []
    for row in added:
        subscription_id, problem = known[row.stream_id].on(row.day)
        values.append((
            row.stream_id, row.day, subscription_id, row.quantity, row.records,
            row.last_used_at, problem,
        ))  # fmt: skip
    values.sort(key=lambda value: value[:2])
    sql.run(_WRITE, [list(column) for column in zip(*values, strict=True)])
    _dirty([(value[2], meters[value[0]], value[1]) for value in values])


def _dirty(moved: Sequence[tuple[int | None, str, Any]]) -> None:
    held = [row for row in moved if row[0] is not None]
    if held:
        sql.run(_DIRTY, [list(column) for column in zip(*held, strict=True)])


def _zones(known: dict[int, Candidates]) -> tuple[list[int], list[str]]:
    return list(known), [found.zone for found in known.values()]


def _meters(ids: Any) -> dict[int, str]:
    return {row.id: row.meter for row in sql.rows(_METERS, (sorted(ids),))}
