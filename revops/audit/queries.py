"""Reading the trail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Final

from revops.audit.chain import ZERO, Link
from revops.store import sql

CHUNK: Final = 2_000
_COLUMNS: Final = ", ".join(one.name for one in fields(Link))
_LINKS: Final = f"""
SELECT {_COLUMNS} FROM audit_event WHERE seq > %s AND seq <= %s ORDER BY seq LIMIT {CHUNK}
"""  # noqa: S608  names of our own columns
_HEAD: Final = """
SELECT head.seq, head.hash, (SELECT count(*) FROM audit_event) AS count,
    (SELECT max(seq) FROM audit_event) AS last, clock_timestamp() AS at
FROM audit_head head
"""
_HASH: Final = "SELECT hash FROM audit_event WHERE seq = %s"
_UNANCHORED: Final = "SELECT min(ts) AS ts FROM audit_event WHERE seq > %s"
_DETAILS: Final = "SELECT seq, action, detail FROM audit_event WHERE seq = ANY(%s::bigint[])"


class Head:
    """The trail's end, read at one moment: ``last`` is the last row that is really there."""

    __slots__ = ("at", "count", "hash", "last", "seq")

    def __init__(self) -> None:
        row = sql.one(_HEAD)
        assert row is not None  # migration 0002 makes it, and nothing deletes it
        self.seq: int = row.seq
        self.hash: bytes = bytes(row.hash)
        self.count: int = row.count
        self.last: int = row.last or 0
        self.at: datetime = row.at


def links(after: int, upto: int) -> Iterator[Link]:
    """Rows in order, some thousand at a time."""
    while True:
        rows = sql.rows(_LINKS, (after, upto))
        for row in rows:
            yield Link(*row)
        if len(rows) < CHUNK:
            return
        after = rows[-1].seq


def hash_at(seq: int) -> bytes | None:
    """The stored hash of an act; of 0 it is what the first one follows."""
    if seq == 0:
        return ZERO
    row = sql.one(_HASH, (seq,))
    return None if row is None else bytes(row.hash)


def oldest_after(seq: int) -> datetime | None:
    """When the oldest act behind ``seq`` was recorded."""
    row = sql.one(_UNANCHORED, (seq,))
    return None if row is None else row.ts


def details(seqs: list[int]) -> dict[int, tuple[str, str | None]]:
    """Action and detail of these acts."""
    return {row.seq: (row.action, row.detail) for row in sql.rows(_DETAILS, (seqs,))}
