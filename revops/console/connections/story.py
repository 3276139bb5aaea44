"""What happened at a connection and what comes next, from the facts that its gate keeps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from revops.console.connections.queries.feeds import Feed
from revops.console.connections.queries.rows import Row
from revops.delivery.gate import Breaker
from revops.delivery.queries import Health
from revops.delivery.weekly import occurrence
from revops.kernel import clock

# A weekly window further ahead stands beside, and would be the last line of every story.
_SOON: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """A line of the story; ``ahead`` when it has not happened yet."""

    at: datetime
    tone: str
    text: str
    ahead: bool = False


def story(row: Row) -> list[Moment]:
    """In the order of time, what is ahead last."""
    now = row.health.now if row.health else clock.now()
    found = [
        *(_sent(row.health, now) if row.health else ()),
        *(_told(row.feed, now) if row.feed else ()),
    ]
    return sorted(found, key=lambda moment: moment.at)


def _sent(health: Health, now: datetime) -> Iterator[Moment]:
    gate = health.gate
    if health.succeeded_at:
        yield Moment(health.succeeded_at, "ok", "The latest posting was taken.")
    if health.failed_at:
        yield Moment(health.failed_at, "warn", "The latest call that failed or was not answered.")
    if gate.breaker is Breaker.OPEN and gate.opened_at:
        yield Moment(
            gate.opened_at,
            "crit",
            f"Nothing is sent any more, because {gate.story}. Postings wait.",
        )
        if gate.retry_at and gate.retry_at > now:
            yield Moment(
                gate.retry_at,
                "info",
                "One posting is tried. When it is answered, the others follow: few at first, "
                "twice as many each time.",
                ahead=True,
            )
    yield from _elsewhere(health, now)
    if gate.not_before and gate.not_before > now:
        yield Moment(gate.not_before, "info", "Calls go out again, half as many.", ahead=True)
    yield from _held(health, now)
    if health.settles_at:
        ahead = health.settles_at > now
        text = f"{health.in_doubt:,} in doubt: from here on a look-up is conclusive."
        yield Moment(health.settles_at, "wait", text, ahead=ahead)


def _elsewhere(health: Health, now: datetime) -> Iterator[Moment]:
    """Messages that take another way while nothing can be sent."""
    other, gate = health.fallback, health.gate
    if other is None:
        return
    if other.count and other.at:
        many = f"{other.count:,} notices went" if other.count > 1 else "1 notice went"
        yield Moment(other.at, "info", f"{many} by {other.label} instead.")
    if gate.breaker is not Breaker.CLOSED and gate.opened_at:
        from_then = gate.opened_at + timedelta(minutes=other.after)
        if from_then > now:
            text = f"Notices that wait go by {other.label} instead."
            yield Moment(from_then, "info", text, ahead=True)


def _held(health: Health, now: datetime) -> Iterator[Moment]:
    """What people decided: a pause, a window."""
    gate = health.gate
    if gate.paused_at and (gate.paused_until is None or gate.paused_until > now):
        reason = health.pause_reason.rstrip(" .")
        yield Moment(gate.paused_at, "none", f"{health.paused_by} paused sending: {reason}.")
        if gate.paused_until:
            yield Moment(gate.paused_until, "info", "The pause ends by itself.", ahead=True)
    if gate.window_from and gate.window_to and gate.window_to > now:
        note = f": {health.window_note.rstrip(' .')}" if health.window_note else ""
        begun = gate.window_from <= now
        yield Moment(
            gate.window_from,
            "wait",
            f"Maintenance {'began' if begun else 'begins'}{note}. Postings wait.",
            ahead=not begun,
        )
        yield Moment(gate.window_to, "info", "Maintenance ends; sending goes on.", ahead=True)
    for span in (occurrence(window, now=now) for window in gate.weekly):
        begun = span.begins <= now
        if span.begins - now > _SOON:
            continue
        text = f"The weekly window {'began' if begun else 'begins'}. Postings wait."
        yield Moment(span.begins, "wait", text, ahead=not begun)
        yield Moment(span.ends, "info", "The weekly window ends; sending goes on.", ahead=True)


def _told(feed: Feed, now: datetime) -> Iterator[Moment]:
    if feed.heard_at:
        yield Moment(feed.heard_at, "ok", "The newest event came.")
    cursor = feed.cursor
    if cursor is None:
        return
    if cursor.polled_at:
        yield Moment(cursor.polled_at, "ok", "The latest good poll.")
    if cursor.next_at > now:
        yield Moment(cursor.next_at, "info", "The next poll.", ahead=True)
