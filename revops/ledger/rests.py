"""
Pauses and resumptions by their effective days, whatever the order in which they are told.

Each told pause or resumption is a ``Rest``. What a schedule went through follows from all of them:
where a late one changes that, what had come about from there on is void and is made anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from revops.kernel.periods import Span
from revops.ledger import chains
from revops.ledger.chains import Document, Held
from revops.ledger.schedules import Period

# From the first day without service to the first day with it again, None while it rests.
Pause = tuple[date, date | None]


@dataclass(frozen=True, slots=True)
class Rest:
    """The service rests from ``day``, or goes on from it."""

    day: date
    begins: bool


def pauses(told: Collection[Rest]) -> list[Pause]:
    """
    In order. A pause within a pause changes nothing, nor does a resumption of what runs. On a day
    with both, what rests goes on first and what runs rests first.
    """
    found: list[Pause] = []
    since: date | None = None
    for day in sorted({one.day for one in told}):
        kinds = [begins for begins in (True, False) if Rest(day, begins) in told]
        for begins in kinds if since is None else reversed(kinds):
            if begins and since is None:
                since = day
            elif not begins and since is not None:
                found.append((since, day))
                since = None
    return found if since is None else [*found, (since, None)]


def rested(
    chain: Sequence[Held], one: Held, wanted: Sequence[Pause], calendar: Sequence[Period],
    document: Document,
) -> list[Held]:  # fmt: skip
    """
    Bring the schedule that stands, with those that pauses alone had led from, to these pauses. What
    was made for it; nothing where it has gone through them already.
    """
    path = _path(chain, one)
    held = [
        (each.stopped_on, next_one.service.start if next_one else None)
        for each, next_one in zip(path, [*path[1:], None], strict=True)
        if each.stop_reason == chains.PAUSE
    ]
    due = _within(path[0].service, wanted)
    same = 0
    while same < min(len(held), len(due)) and held[same] == due[same]:
        same += 1
    if same == len(held) == len(due):
        return []
    for late in path[same + 1 :]:
        late.stopped_on, late.stop_reason = late.service.start, chains.VOID
        late.successor, late.changed = None, True
    last = path[same]
    last.stopped_on, last.stop_reason, last.successor, last.changed = None, "", None, True
    made: list[Held] = []
    for since, again in due[same:]:
        last.stop(since, chains.PAUSE)
        if again is None:
            break
        heir = chains.resumed(last, again, calendar, document)
        if heir is None:
            break
        made.append(heir)
        last = heir
    return made


def _path(chain: Sequence[Held], one: Held) -> list[Held]:
    """The schedule with those before it that were paused and brought nothing but their rest."""
    path = [one]
    while path[0].total == path[0].carried:
        leads = [
            each for each in chain if each.successor is path[0] and each.stop_reason != chains.VOID
        ]
        if len(leads) != 1 or leads[0].stop_reason != chains.PAUSE:
            break
        path.insert(0, leads[0])
    return path


def _within(service: Span, wanted: Sequence[Pause]) -> list[Pause]:
    """The pauses that concern a service; each moves what is left of it to later days."""
    found: list[Pause] = []
    start, end = service.start, service.end
    for since, again in wanted:
        if again is not None and again <= start:
            continue
        first = max(since, start)
        if first > end:
            break
        found.append((first, again))
        if again is not None:
            start, end = again, again + (end - first)
    return found
