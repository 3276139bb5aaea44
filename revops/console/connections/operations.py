"""What people do to a connection. Each returns the sentence of what happened."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.queries import actor_of, authorize
from connectors import registry
from connectors.manifest import Capability
from connectors.models import Connection
from revops.audit.operations import record, recorded
from revops.delivery import gates
from revops.delivery.gate import Breaker, GateRow
from revops.delivery.models import Gate
from revops.delivery.weekly import over_at
from revops.events.models import SourceCursor
from revops.pipeline import wake
from revops.store import sql
from revops.web.formats import span_text

log = structlog.get_logger(__name__)

# Sweeps come every few seconds: longer than this nobody waits for a poll that is due.
_SOON = "within seconds"
_POLL_NOW = """
UPDATE events_sourcecursor SET next_at = now()
WHERE connection_id = %s AND next_at > now() RETURNING connection_id
"""


class ActRefused(Exception):
    """It can't be done now; the message says why, for the person who asked."""


@recorded
def pause(*, slug: str, by: User, reason: str, until: datetime | None) -> str:
    """
    Send nothing until somebody resumes, or until a moment.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused when it is paused already.
    """
    connection, by = _target(slug, by)
    with transaction.atomic():
        row, now = gates.read(connection.pk, lock=True)
        if _paused(row, now):
            raise ActRefused(_who_paused(connection))
        gates.pause(connection.pk, by=by.name, reason=reason.strip(), until=until)
        after = {"paused": True, "until": until}
        noted("connections.pause", connection, by, {"paused": False}, after, reason)
    log.info("connections.paused", connection=slug, by=by.pk, until=until, reason=reason)
    end = f", for {span_text(until - now)}" if until else ""
    return f"{connection} is paused{end}. Postings wait and use up no attempt."


@recorded
def resume(*, slug: str, by: User) -> str:
    """
    Send again, slowly at first.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused when it is not paused.
    """
    connection, by = _target(slug, by)
    with transaction.atomic():
        row, now = gates.read(connection.pk, lock=True)
        if not _paused(row, now):
            raise ActRefused(f"{connection} is not paused any more: there is nothing to resume.")
        gates.resume(connection.pk)
        transaction.on_commit(lambda: wake.delivery(connection.pk), robust=True)
        noted("connections.resume", connection, by, {"paused": True}, {"paused": False})
    log.info("connections.resumed", connection=slug, by=by.pk)
    return f"{connection} is sent to again, slowly at first."


@recorded
def try_now(*, slug: str, by: User) -> str:
    """
    Do not wait for the next trial: send one posting now.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused when nothing holds sending back, or
    when a person does.
    """
    connection, by = _target(slug, by)
    with transaction.atomic():
        row, now = gates.read(connection.pk, lock=True)
        if _paused(row, now):
            raise ActRefused(_who_paused(connection))
        if row.window_from and row.window_to and row.window_from <= now < row.window_to:
            raise ActRefused(f"{connection} is under maintenance: remove the window first.")
        if over_at(row.weekly, now=now):
            raise ActRefused(f"{connection} is in its weekly window: end that one first.")
        if row.breaker is Breaker.CLOSED and not (row.not_before and row.not_before > now):
            raise ActRefused(f"Nothing holds {connection} back: everything is sent as it comes.")
        gates.trial(connection.pk)
        transaction.on_commit(lambda: wake.delivery(connection.pk), robust=True)
        noted("connections.trial", connection, by, {"breaker": row.breaker.value})
    log.info("connections.tried", connection=slug, by=by.pk)
    return f"{connection} is tried again now. When one posting is answered, the others follow."


@recorded
def set_limits(*, slug: str, by: User, rate: int, calls: int | None) -> str:
    """
    ``rate`` postings a second at most (0: no limit) and ``calls`` at once (None: as it is).

    Raises NotAllowed and Connection.DoesNotExist.
    """
    connection, by = _target(slug, by)
    with transaction.atomic():
        row, _ = gates.read(connection.pk, lock=True)
        if rate != row.rate:
            gates.throttle(connection.pk, rate=rate)
        if calls is not None and calls != row.max_in_flight:
            gates.limit(connection.pk, max_in_flight=calls)
        before = {"rate": row.rate, "calls": row.max_in_flight}
        after = {"rate": rate, "calls": row.max_in_flight if calls is None else calls}
        noted("connections.limit", connection, by, before, after)
    log.info("connections.limited", connection=slug, by=by.pk, rate=rate, calls=calls)
    pace = f"at most {rate:,} postings a second" if rate else "no limit on postings a second"
    at_once = f", {calls} call{'s' if calls > 1 else ''} at once" if calls else ""
    return f"Saved: {pace}{at_once}."


@recorded
def set_window(*, slug: str, by: User, since: datetime, until: datetime, note: str) -> str:
    """Announce a window in which nothing is sent. Raises NotAllowed, Connection.DoesNotExist."""
    connection, by = _target(slug, by)
    with transaction.atomic():
        row, _ = gates.read(connection.pk, lock=True)
        gates.maintenance(connection.pk, since=since, until=until, note=note.strip())
        after = {"from": since, "to": until}
        noted("connections.window", connection, by, _window(row), after, note)
    log.info("connections.window_set", connection=slug, by=by.pk, since=since, until=until)
    begins, ends = (f"{timezone.localtime(at):%Y-%m-%d %H:%M}" for at in (since, until))
    return f"Saved: nothing is sent to {connection} from {begins} to {ends}."


@recorded
def remove_window(*, slug: str, by: User) -> str:
    """Take the window away. Raises NotAllowed, Connection.DoesNotExist."""
    connection, by = _target(slug, by)
    with transaction.atomic():
        row, _ = gates.read(connection.pk, lock=True)
        gates.maintenance(connection.pk, since=None, until=None, note="")
        noted("connections.window", connection, by, _window(row), {"from": None, "to": None})
    wake.delivery(connection.pk)
    log.info("connections.window_removed", connection=slug, by=by.pk)
    return f"The maintenance window of {connection} is removed."


@recorded
def poll_now(*, slug: str, by: User) -> str:
    """
    Ask the source for what is new without waiting for the next poll.

    Raises NotAllowed, Connection.DoesNotExist, and ActRefused when a poll is due anyway or the
    connection is not polled.
    """
    by = authorize(by, "connections.operate")
    connection = Connection.objects.get(slug=slug)
    if not SourceCursor.objects.filter(connection=connection).exists():
        raise ActRefused(f"{connection} is not polled.")
    with transaction.atomic():
        if sql.one(_POLL_NOW, (connection.pk,)) is None:
            raise ActRefused(f"A poll of {connection} is due already and begins {_SOON}.")
        noted("connections.poll", connection, by)
    log.info("connections.polled", connection=slug, by=by.pk)
    return f"The poll of {connection} begins {_SOON}. What webhooks missed comes with it."


def noted(
    action: str,
    connection: Connection,
    user: User,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """An act on a connection, for the audit trail."""
    record(
        action, by=actor_of(user), kind="connection", reference=connection.slug,
        label=str(connection), before=before, after=after, reason=reason,
    )  # fmt: skip


def _window(row: GateRow) -> dict[str, datetime | None]:
    return {"from": row.window_from, "to": row.window_to}


def _target(slug: str, by: User) -> tuple[Connection, User]:
    """The connection when it is sent to, and the person when they may operate it."""
    by = authorize(by, "connections.operate")
    return sent_to(slug), by


def sent_to(slug: str) -> Connection:
    """Raises Connection.DoesNotExist, and ActRefused when nothing is sent to it."""
    connection = Connection.objects.get(slug=slug)
    sent_to = registry.manifest(connection.connector).can(Capability.COMMANDS)
    if not sent_to or not Gate.objects.filter(connection=connection).exists():
        raise ActRefused(f"Nothing is sent to {connection}.")
    return connection


def _paused(row: GateRow, now: datetime) -> bool:
    return row.paused_at is not None and (row.paused_until is None or now < row.paused_until)


def _who_paused(connection: Connection) -> str:
    gate = Gate.objects.only("paused_by", "paused_at", "pause_reason").get(connection=connection)
    assert gate.paused_at is not None  # the caller holds the row and has seen it
    at = timezone.localtime(gate.paused_at)
    reason = gate.pause_reason.rstrip(" .")
    return f"{gate.paused_by} paused {connection} at {at:%H:%M %Z}: {reason}. Resume it first."
