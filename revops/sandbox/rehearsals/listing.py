"""
The systems' own lists, asked for while a rehearsal is counted: what billing issued, from the own
doors of its sandboxes, and what every ERP holds, as it lists its journals to anybody who may read
them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from connectors.contract import CallFailed, PayloadUnreadable, SnapshotRow
from connectors.http import NotSent
from connectors.problem import Problem
from revops.kernel import clock
from revops.pipeline import sources
from revops.pipeline.sources import Source
from revops.sandbox.books import FIRST_YEAR
from revops.sandbox.rehearsals import counting, doors
from revops.sandbox.rehearsals.counting import Held, Issued
from revops.sandbox.rehearsals.systems import System

# Of pages; who lists more has lost itself.
_MOST: Final = 5_000
_FAILURES: Final = (CallFailed, NotSent, PayloadUnreadable, Problem)


def issued(billing: Sequence[System]) -> list[Issued]:
    """What all billing systems issued. Raises doors.NotPossible."""
    return [
        document for system in billing
        for document in counting.issued(doors.get(system.slug, "documents"), source=system.slug)
    ]  # fmt: skip


def held(erps: Sequence[System]) -> list[Held]:
    """What is posted in all ERPs. Raises doors.NotPossible."""
    return [
        posting for system in erps
        for posting in counting.held(_all(system, "journal"), erp=system.slug)
    ]  # fmt: skip


def _all(system: System, kind: str) -> list[SnapshotRow]:
    """What it lists of a kind; nothing where it has no such list."""
    if kind not in system.manifest.lists:
        return []
    try:
        return asyncio.run(_listed(sources.by_slug(system.slug), kind))
    except _FAILURES as failure:
        why = getattr(failure, "reason", "") or str(failure)
        raise doors.NotPossible(f"{system.label} does not list what it holds: {why}") from failure


async def _listed(source: Source, kind: str) -> list[SnapshotRow]:
    start, end = f"{FIRST_YEAR}-01-01", f"{clock.now().year + 1}-12-31"
    rows: list[SnapshotRow] = []
    async with sources.client_of(source) as client:
        cursor = ""
        for _ in range(_MOST):
            page, cursor = await source.connector.snapshot(
                client, source.settings, kind=kind, start=start, end=end, cursor=cursor
            )
            rows += page
            if not cursor:
                return rows
    raise PayloadUnreadable(f"{source.label} lists {kind} without an end.")
