"""
Storing raw records once, a batch a transaction: COPY into a temporary table, then set-wise.

A record is known by (connection, source, id), whatever its month. What came before is a
duplicate; what came before with other content is a conflict and kept beside the first; what
cannot be read is kept with the reason. Nothing is understood here beyond that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import blake2b
from typing import Any, Final

from revops.events.models import Channel
from revops.kernel import strict_json
from revops.store import sql
from revops.usage.operations.partitions import make_room
from revops.usage.reading import Bad, Raw

# Larger batches store no faster, and this many are answered together.
BATCH: Final = 5_000


class Fate(StrEnum):
    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of each record of a batch, in its order, and of all together."""

    batch_id: int
    fates: tuple[Fate, ...]
    records: Sequence[Raw | Bad]

    def count(self, fate: Fate) -> int:
        return self.fates.count(fate)


_MAKE_STAGE: Final = """
CREATE TEMPORARY TABLE IF NOT EXISTS usage_staged (
    id bigint NOT NULL DEFAULT nextval('usage_record_id_seq'), key uuid, content uuid,
    stream_id bigint, usage_id text, quantity numeric, used_at timestamptz
) ON COMMIT DELETE ROWS
"""
_EMPTY_STAGE: Final = "DELETE FROM usage_staged"
_STAGE: Final = (
    "COPY usage_staged (key, content, stream_id, usage_id, quantity, used_at) FROM STDIN"
)
# In the order of keys, so that two batches with the same records never wait in a circle.
_KEYS: Final = """
INSERT INTO usage_recordkey (key, content, record_id, used_at)
SELECT key, content, id, used_at FROM usage_staged ORDER BY key
ON CONFLICT (key) DO NOTHING
"""
_KNOWN: Final = """
SELECT known.key, known.content, known.record_id, known.used_at
FROM usage_staged staged JOIN usage_recordkey known USING (key)
WHERE known.record_id <> staged.id
"""
_FRESH: Final = """
INSERT INTO usage_record (id, batch_id, stream_id, usage_id, quantity, used_at)
SELECT id, %s, stream_id, usage_id, quantity, used_at FROM usage_staged
"""
_LEAVE_OUT: Final = """
DELETE FROM usage_staged staged USING usage_recordkey known
WHERE known.key = staged.key AND known.record_id <> staged.id
"""
_BY_KEY: Final = """
SELECT key, content, record_id, used_at FROM usage_recordkey WHERE key = ANY(%s::uuid[])
"""
_BATCH: Final = """
INSERT INTO usage_batch (
    id, connection_id, channel, received_at, accepted, duplicates, conflicts, refused, first_id,
    last_id, first_used_at, last_used_at, counted_at, correlation_id
)
SELECT %s, %s, %s, now(), %s, %s, %s, %s, span.*,
    CASE WHEN %s = 0 THEN now() END, %s
FROM (SELECT min(id), max(id), min(used_at), max(used_at) FROM usage_staged) AS span
"""
_CONFLICTS: Final = sql.Columns(
    "usage_conflict", batch_id="bigint", record_id="bigint", used_at="timestamptz",
    usage_id="text", content="uuid", body="text", received_at="timestamptz",
)  # fmt: skip
_REFUSED: Final = sql.Columns(
    "usage_refused", batch_id="bigint", position="int", usage_id="text", body="text",
    reason="text",
)  # fmt: skip
_STREAMS: Final = """
SELECT stream.id, wanted.place
FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[]) WITH ORDINALITY
    AS wanted (source, customer_ref, subscription_ref, meter, place)
JOIN usage_stream stream USING (source, customer_ref, subscription_ref, meter)
WHERE stream.connection_id = %b
"""
_NEW_STREAMS: Final = """
INSERT INTO usage_stream (connection_id, source, customer_ref, subscription_ref, meter, created_at)
SELECT %b, wanted.*, now()
FROM unnest(%b::text[], %b::text[], %b::text[], %b::text[]) AS wanted (a, b, c, d)
ORDER BY a, b, c, d
ON CONFLICT DO NOTHING
"""

_Stream = tuple[str, str, str, str]


def store(
    records: Sequence[Raw | Bad], *, connection_id: int, channel: Channel, correlation_id: str
) -> Result:
    """
    Store up to ``BATCH`` records durably, in one transaction.

    Raises psycopg errors when they cannot be stored; nothing of the batch is kept then, and it
    may be sent again.
    """
    assert len(records) <= BATCH
    raws = [record for record in records if isinstance(record, Raw)]
    if raws:
        make_room(min(raw.used_at for raw in raws), max(raw.used_at for raw in raws))
    sql.run(_MAKE_STAGE)
    with sql.atomic():
        (batch_id,) = sql.new_ids("usage_batch", 1)
        sql.run(_EMPTY_STAGE)  # what an outer transaction left there
        sorted_out = _SortedOut(connection_id, records)
        fresh = _store_fresh(sorted_out, batch_id, connection_id)
        fates, conflicts = sorted_out.fates(fresh)
        result = Result(batch_id, fates, records)
        accepted = result.count(Fate.ACCEPTED)
        sql.run(
            _BATCH,
            (
                batch_id, connection_id, channel.value, accepted, result.count(Fate.DUPLICATE),
                result.count(Fate.CONFLICT), result.count(Fate.REFUSED), accepted, correlation_id,
            ),
        )  # fmt: skip
        _keep_aside(batch_id, records, conflicts)
    return result


def in_batches(records: Iterable[Raw | Bad]) -> Iterable[list[Raw | Bad]]:
    """A stream of records in lists that ``store`` takes; never more than one in memory."""
    held: list[Raw | Bad] = []
    for record in records:
        held.append(record)
        if len(held) == BATCH:
            yield held
            held = []
    if held:
        yield held


@dataclass(frozen=True, slots=True)
class _Known:
    """A key that was there before us: what it said, and which record holds it."""

    content: str
    record_id: int
    used_at: datetime


class _SortedOut:
    """The batch by key: the first record of each key is staged, repeats are compared with it."""

    def __init__(self, connection_id: int, records: Sequence[Raw | Bad]) -> None:
        self.records = records
        self.keys: list[str] = []
        self.contents: list[str] = []
        self.firsts: dict[str, int] = {}
        for place, record in enumerate(records):
            if type(record) is not Raw:
                self.keys.append("")
                self.contents.append("")
                continue
            key = key_of(connection_id, record.source, record.usage_id)
            self.keys.append(key)
            self.contents.append(content_of(record))
            self.firsts.setdefault(key, place)

    def fates(
        self, known: dict[str, _Known]
    ) -> tuple[tuple[Fate, ...], list[tuple[int, str, _Known | None]]]:
        """Each record's fate; conflicts as (place, key, the record that stands if not ours)."""
        fates: list[Fate] = []
        conflicts: list[tuple[int, str, _Known | None]] = []
        for place, key in enumerate(self.keys):
            if not key:
                fates.append(Fate.REFUSED)
                continue
            first = self.firsts[key]
            held = known.get(key)
            if held is None and first == place:
                fates.append(Fate.ACCEPTED)
                continue
            standing = held.content if held else self.contents[first]
            same = standing == self.contents[place]
            fates.append(Fate.DUPLICATE if same else Fate.CONFLICT)
            if not same:
                conflicts.append((place, key, held))
        return tuple(fates), conflicts


def _store_fresh(batch: _SortedOut, batch_id: int, connection_id: int) -> dict[str, _Known]:
    """Stage and store what is new; what was known before, by key."""
    if not batch.firsts:
        return {}
    streams = _streams(connection_id, batch)
    lines = []
    for key, place in batch.firsts.items():
        record = batch.records[place]
        assert isinstance(record, Raw)
        stream = streams[record.source, record.customer_ref, record.subscription_ref, record.meter]
        usage_id = record.usage_id.replace("\\", "\\\\")
        lines.append(
            f"{key}\t{batch.contents[place]}\t{stream}\t{usage_id}\t{record.quantity}\t"
            f"{record.used_at.isoformat()}\n"
        )
    sql.copy(_STAGE, lines)
    known: dict[str, _Known] = {}
    if sql.run(_KEYS) < len(lines):
        known = {
            row.key.hex: _Known(row.content.hex, row.record_id, row.used_at)
            for row in sql.rows(_KNOWN)
        }
        sql.run(_LEAVE_OUT)
    sql.run(_FRESH, (batch_id,))
    return known


def _streams(connection_id: int, batch: _SortedOut) -> dict[_Stream, int]:
    wanted: dict[_Stream, None] = {}
    for place in batch.firsts.values():
        record = batch.records[place]
        assert isinstance(record, Raw)
        wanted[record.source, record.customer_ref, record.subscription_ref, record.meter] = None
    found = _find_streams(connection_id, list(wanted))
    missing = [stream for stream in wanted if stream not in found]
    if missing:
        sql.run(_NEW_STREAMS, (connection_id, *_columns(missing)))
        found |= _find_streams(connection_id, missing)
    return found


def _find_streams(connection_id: int, wanted: list[_Stream]) -> dict[_Stream, int]:
    rows = sql.rows(_STREAMS, (*_columns(wanted), connection_id))
    return {wanted[row.place - 1]: row.id for row in rows}


def _columns(streams: list[_Stream]) -> list[list[str]]:
    return [list(column) for column in zip(*streams, strict=True)]


def _keep_aside(
    batch_id: int,
    records: Sequence[Raw | Bad],
    conflicts: Sequence[tuple[int, str, _Known | None]],
) -> None:
    refused = [
        (batch_id, place, record.usage_id, record.body, record.reason)
        for place, record in enumerate(records)
        if isinstance(record, Bad)
    ]
    _REFUSED.insert(refused)
    if not conflicts:
        return
    ours = {
        row.key.hex: _Known(row.content.hex, row.record_id, row.used_at)
        for row in sql.rows(_BY_KEY, (sorted({key for _, key, held in conflicts if not held}),))
    }
    rows: list[Sequence[Any]] = []
    now = datetime.now(tz=UTC)
    for place, key, held in conflicts:
        record = records[place]
        assert isinstance(record, Raw)
        standing = held or ours[key]
        rows.append((
            batch_id, standing.record_id, standing.used_at, record.usage_id, content_of(record),
            strict_json.dumps(record._asdict()), now,
        ))  # fmt: skip
    _CONFLICTS.insert(rows, "ON CONFLICT DO NOTHING")


def key_of(connection_id: int, source: str, usage_id: str) -> str:
    """What makes a record come in once."""
    return _digest(f"{connection_id}\x1f{source}\x1f{usage_id}")


def content_of(record: Raw) -> str:
    """The digest of everything that a record says beside its name."""
    return _digest(
        f"{record.customer_ref}\x1f{record.subscription_ref}\x1f{record.meter}\x1f"
        f"{record.quantity}\x1f{record.used_at.isoformat()}"
    )


def _digest(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
