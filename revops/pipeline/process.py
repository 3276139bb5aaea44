"""
One batch of stored events through the whole line, in one transaction.

Claiming commits first, so that a worker which dies is counted on the row. Everything that follows
from the batch, up to the stored commands and cases, commits together with the events' verdicts.
When a batch fails, its events are taken one by one, so that one bad event stops nobody else.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

import psycopg
import structlog
from django.conf import settings

from connectors import drift
from revops.events import operations as inbox
from revops.events.models import InboxState
from revops.events.operations import Claimed, ClaimLost, Verdict
from revops.pipeline import problems, sources, wake
from revops.pipeline.sources import Source
from revops.pipeline.story import Story
from revops.store import crash, sql

log = structlog.get_logger(__name__)

BATCH = 200
POLL = 0.008
SMALL = 20
POISON_AFTER = 3
# How many at once, by connection, where a batch has outlasted its lease in this process: half as
# many each time that it does, twice as many each time that it does not.
_paces: dict[int, int] = {}


def advance(connection_id: int, *, seconds: float, linger: float) -> int:
    """
    Take what is due through the line until nothing has been due for ``linger`` seconds or
    ``seconds`` are over. How many events were taken.
    """
    source = sources.by_id(connection_id)
    stop = time.monotonic() + seconds
    idle_since = time.monotonic()
    taken = 0
    while time.monotonic() < stop:
        count = advance_once(source)
        taken += count
        if count:
            idle_since = time.monotonic()
        elif time.monotonic() - idle_since >= linger:
            break
        if count < SMALL:
            # A batch costs nearly the same for one event as for ten: let a few gather.
            time.sleep(POLL)
    return taken


def advance_once(source: Source) -> int:
    """One batch. How many events it had."""
    most = _paces.get(source.id, BATCH)
    batch = inbox.claim(connection_id=source.id, most=most, lease=settings.REVOPS_LEASE)
    if not batch:
        return 0
    crash.point("after_event_claim")
    poisoned = [event for event in batch if event.crash_count >= POISON_AFTER]
    if poisoned:
        _give_up(source, poisoned, "Working on it ended the worker several times.")
    healthy = [event for event in batch if event.crash_count < POISON_AFTER]
    if healthy:
        _process(source, healthy)
    return len(batch)


def _process(source: Source, batch: Sequence[Claimed]) -> None:
    for _ in range(3):
        try:
            targets = _together(source, batch)
        except (*sql.TRANSIENT, psycopg.errors.UniqueViolation):
            # Another worker wrote the same fact meanwhile, such as a fee that payment and payout
            # both tell of; read again, it is in the books already.
            continue
        except ClaimLost:
            log.warning("process.taken_over", connection=source.slug, events=len(batch))
            inbox.was_alive(batch)
            _paces[source.id] = max(1, len(batch) // 2)
            return
        except psycopg.OperationalError:
            # The database went away: the leases bring the events back.
            log.warning("process.given_back", connection=source.slug, events=len(batch))
            return
        except Exception:
            log.exception("process.batch_failed", connection=source.slug, events=len(batch))
            break
        for connection_id in targets:
            wake.delivery(connection_id)
        if (pace := _paces.pop(source.id, BATCH) * 2) < BATCH:
            _paces[source.id] = pace
        return
    if len(batch) == 1:
        _give_up(source, batch, "The console could not process it.")
        return
    for event in batch:
        _process(source, [event])


def _together(source: Source, batch: Sequence[Claimed]) -> set[int]:
    with sql.atomic():
        story = Story(source, batch)
        story.tell()
        inbox.conclude(story.verdicts, patience=timedelta(seconds=settings.REVOPS_PARK_SECONDS))
        inbox.release(story.known, mended=story.mended)
        crash.point("before_event_commit")
    crash.point("after_event_commit")
    _look_for_drift(source, batch, story.verdicts)
    return story.targets


def _look_for_drift(source: Source, batch: Sequence[Claimed], verdicts: Sequence[Verdict]) -> None:
    """In samples, and at what could not be understood; what we told ourselves has no drift."""
    troubled = {one.id for one in verdicts if one.state is InboxState.QUARANTINED}
    drift.look(
        source.id,
        source.connector,
        [
            (event.type, event.body, event.id in troubled)
            for event in batch
            if not event.type.startswith("console.")
        ],
    )


def _give_up(source: Source, batch: Sequence[Claimed], reason: str) -> None:
    with sql.atomic():
        problems.report(
            [problems.poison(source, event, reason) for event in batch],
        )
        inbox.conclude(
            [Verdict(event.id, event.fence, InboxState.POISON, reason) for event in batch],
            patience=timedelta(0),
        )
