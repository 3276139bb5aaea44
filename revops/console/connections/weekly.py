"""Maintenance windows that come each week: what people do with them, and how they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from accounts.models import User
from accounts.queries import authorize
from connectors.models import Connection
from revops.audit.operations import recorded
from revops.console.connections.operations import ActRefused, noted, sent_to
from revops.delivery import gates, windows
from revops.delivery.models import WeeklyWindow
from revops.delivery.weekly import Span, Weekly, occurrence
from revops.kernel import clock
from revops.pipeline import wake

log = structlog.get_logger(__name__)

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Shown:
    """A window as the page tells it; ``span`` is the time that it is on now, else the next one."""

    id: int
    words: str
    zone: str
    note: str
    announced_by: str
    span: Span
    on: bool


@recorded
def announce(*, slug: str, by: User, window: Weekly, note: str) -> str:
    """
    Send nothing in this window, each week, from now on. A zone is one that this machine knows.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused when it stands already or there are
    too many.
    """
    by = authorize(by, "connections.operate")
    connection = sent_to(slug)
    said = f"{told(window)}, {window.zone}"
    with transaction.atomic():
        gates.read(connection.pk, lock=True)
        known = WeeklyWindow.objects.filter(connection=connection)
        if known.filter(day=window.day, starts=window.starts, zone=window.zone).exists():
            raise ActRefused(f"{connection} has a window that begins then: end that one first.")
        if known.count() >= windows.MOST:
            raise ActRefused(f"{connection} has {windows.MOST} weekly windows, which is the most.")
        WeeklyWindow.objects.create(
            connection=connection, day=window.day, starts=window.starts, minutes=window.minutes,
            zone=window.zone, note=note.strip(), announced_by=by.name,
            announced_at=clock.now(),
        )  # fmt: skip
        noted("connections.weekly", connection, by, {"each_week": None}, {"each_week": said},
             note)  # fmt: skip
    log.info("connections.weekly_window_set", connection=slug, by=by.pk, window=said)
    return f"Saved: nothing is sent to {connection} each {said}."


@recorded
def end(*, slug: str, by: User, number: int) -> str:
    """
    Take a weekly window away, also while it is on.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused when it is gone already.
    """
    by = authorize(by, "connections.operate")
    connection = sent_to(slug)
    with transaction.atomic():
        gates.read(connection.pk, lock=True)
        row = WeeklyWindow.objects.filter(connection=connection, pk=number).first()
        if row is None:
            raise ActRefused(f"That weekly window of {connection} is gone already.")
        window = windows.as_weekly(row)
        said = f"{told(window)}, {window.zone}"
        row.delete()
        noted("connections.weekly", connection, by, {"each_week": said}, {"each_week": None})
    wake.delivery(connection.pk)
    log.info("connections.weekly_window_ended", connection=slug, by=by.pk, window=said)
    return f"Ended: {connection} is sent to again each {said}."


def weekly_of(connection: Connection, *, at: datetime) -> Sequence[Shown]:
    """What was announced, whatever comes next first."""
    found = []
    for row in WeeklyWindow.objects.filter(connection=connection):
        window = windows.as_weekly(row)
        span = occurrence(window, now=at)
        found.append(
            Shown(
                row.pk, told(window), window.zone, row.note, row.announced_by, span,
                on=span.begins <= at,
            )
        )  # fmt: skip
    return sorted(found, key=lambda one: (one.span.begins, one.id))


def told(window: Weekly) -> str:
    """``Sunday 04:00 to 04:30``."""
    starts = timedelta(hours=window.starts.hour, minutes=window.starts.minute)
    days, left = divmod(starts + timedelta(minutes=window.minutes), timedelta(days=1))
    hours, minutes = divmod(left // timedelta(minutes=1), 60)
    after = " the day after" if days and left else ""
    ends = "midnight" if days and not left else f"{hours:02}:{minutes:02}"
    return f"{DAYS[window.day]} {window.starts:%H:%M} to {ends}{after}"
