"""
What a system lists, kept as ``Holding``: read page by page into a file, then written set-wise.

A list is read whole before anything of it is written, so a system that fails halfway leaves the
last good list as it was. A row that reads as before is not written again.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, timedelta
from typing import IO, Final

import structlog
from django.db import transaction

from connectors.contract import CallFailed, PayloadUnreadable, SnapshotRow
from connectors.http import NotSent
from connectors.manifest import Capability
from connectors.problem import Problem
from revops.kernel import clock
from revops.pipeline import sources
from revops.pipeline.sources import Source
from revops.reconciliation.models import Load, LoadState
from revops.reconciliation.operations import holding

log = structlog.get_logger(__name__)

# What has no day of its own is listed from the beginning, whatever days are asked for.
STANDING: Final = frozenset({"account", "customer", "company"})
# A list that never ends is a fault of the other side, not a reason to read for ever.
_MOST_PAGES: Final = 100_000
# The system dates in the connection's zone, which may be a day off from that of some books.
_EDGE: Final = timedelta(days=1)
# Kept in memory until it is larger than this.
_SPOOLED: Final = 4 * 1024 * 1024


class NotListed(ValueError):
    """The connection's system has no such list; the message says so in words."""


def load(connection_id: int, kind: str, starts: date, ends: date, by: str) -> Load:
    """
    List what a system holds of a kind, dated ``starts`` … ``ends`` in the zone of whoever's books
    it belongs to. The load says how it ended: a system that did not answer is ``failed``, with why
    in ``error``.

    Calls the system, so it is no part of a transaction. Raises NotListed.
    """
    source = sources.by_id(connection_id)
    if not lists(source, kind):
        raise NotListed(f"{source.label} has no list of “{kind}” that could be asked for.")
    if kind in STANDING:
        starts = holding.BEGINNING
    begun = Load.objects.create(
        connection_id=connection_id, kind=kind, starts=starts, ends=ends,
        began_at=clock.now(), by=by[:120],
    )  # fmt: skip
    with tempfile.SpooledTemporaryFile(_SPOOLED) as spool:
        try:
            asyncio.run(_read(source, begun, spool))
        except (CallFailed, NotSent, PayloadUnreadable, Problem) as failure:
            return _failed(begun, source, getattr(failure, "reason", "") or str(failure))
        with transaction.atomic():
            holding.take(begun, _lines(spool), whole=True)
    log.info(
        "list.loaded", connection=source.slug, kind=kind, rows=begun.rows, changed=begun.changed,
        gone=begun.gone,
    )  # fmt: skip
    return begun


def lists(source: Source, kind: str) -> bool:
    """Whether the system can be asked for a list of this kind."""
    return source.manifest.can(Capability.SNAPSHOTS) and kind in source.manifest.lists


def latest(connection_id: int, kind: str) -> Load | None:
    """The last load that ended well; None: nothing was ever listed."""
    return (
        Load.objects.filter(connection_id=connection_id, kind=kind, state=LoadState.DONE)
        .order_by("-pk")
        .first()
    )


async def _read(source: Source, begun: Load, spool: IO[bytes]) -> None:
    async for rows in _pages(source, begun):
        spool.write(b"".join(holding.line(row).encode() for row in rows))


async def _pages(source: Source, begun: Load) -> AsyncIterator[Sequence[SnapshotRow]]:
    async with sources.client_of(source) as client:
        cursor = ""
        for _ in range(_MOST_PAGES):
            rows, cursor = await source.connector.snapshot(
                client, source.settings, kind=begun.kind, cursor=cursor,
                start=(begun.starts - _EDGE).isoformat(), end=(begun.ends + _EDGE).isoformat(),
            )  # fmt: skip
            yield rows
            if not cursor:
                return
    raise PayloadUnreadable(f"{source.label} lists {begun.kind} without an end.")


def _lines(spool: IO[bytes]) -> Iterable[str]:
    spool.seek(0)
    while part := spool.read(1 << 20):
        # A character may end in the next part.
        part += spool.readline()
        yield part.decode()


def _failed(begun: Load, source: Source, why: str) -> Load:
    begun.state, begun.error, begun.ended_at = LoadState.FAILED, why, clock.now()
    begun.save(update_fields=["state", "error", "ended_at"])
    log.warning("list.failed", connection=source.slug, kind=begun.kind, why=why)
    return begun
