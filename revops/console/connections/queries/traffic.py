"""What went over one connection lately: calls to a target, deliveries of a source, credentials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.excerpts import Exchange
from connectors.manifest import Manifest
from connectors.models import Connection, Secret
from revops.console.connections.queries.held import amounts
from revops.console.connections.queries.rows import Row
from revops.console.connections.setup.ways import secrets_of
from revops.delivery.queries import MOST_CALLS
from revops.kernel import clock
from revops.kernel.money import Money
from revops.lineage import telling
from revops.lineage.kinds import RECORDS
from revops.lineage.queries.hops import DOCUMENTS
from revops.store import sql

SHOWN: Final = 12

_CALLS: Final = f"""
SELECT attempt.id, attempt.number, attempt.kind, attempt.intent_at, attempt.finished_at,
    attempt.outcome, attempt.http_status, attempt.reason, attempt.wire,
    command.id AS command_id, command.key,
    command.document_type, command.subject_kind, command.subject_id, command.currency,
    command.amount, command.state, found.id AS case_id
FROM delivery_attempt attempt
JOIN delivery_outboundcommand command ON command.id = attempt.command_id
LEFT JOIN LATERAL (
    SELECT id FROM exceptions_case
    WHERE command_id = command.id AND state <> 'resolved' ORDER BY id LIMIT 1
) AS found ON true
WHERE command.connection_id = %s
    AND attempt.id > (SELECT coalesce(max(id), 0) FROM delivery_attempt) - {MOST_CALLS}
ORDER BY attempt.id DESC LIMIT %s
"""  # noqa: S608  own literals

_DELIVERIES: Final = f"""
SELECT event.id, event.type, event.object_id, event.channel, event.state, event.reason,
    event.occurred_at, event.received_at, event.deliveries
FROM events_inboundevent event
WHERE event.connection_id = %s
    AND event.id > (SELECT coalesce(max(id), 0) FROM events_inboundevent) - {MOST_CALLS}
ORDER BY event.id DESC LIMIT %s
"""  # noqa: S608  own literals

_CHANNELS: Final = {"webhook": "Webhook", "poll": "Poll", "api": "API call", "file": "File"}


@dataclass(frozen=True, slots=True)
class Call:
    """
    One call to the target. ``status`` is a word of revops/web/statuses.py and ``word`` says it
    more exactly; ``took`` is in milliseconds, None while it is not answered; ``money`` is None for
    a command that moves none, such as a customer's. A message to people ``has_thread`` of none.
    """

    id: int
    at: datetime
    number: int
    asked: bool
    status: str
    word: str
    answer: str
    took: int | None
    command_id: int
    key: str
    journal_id: int | None
    has_thread: bool
    document: str
    money: Money | None
    case_id: int | None
    wire: Wire | None = None


@dataclass(frozen=True, slots=True)
class Wire:
    """
    What was said and answered, masked when it was kept; ``others`` are the commands that it was
    said for beside this one.
    """

    others: int
    exchanges: Sequence[Exchange]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event as it came; ``late`` is how long after it happened, when that is worth a word."""

    id: int
    type: str
    object_id: str
    channel: str
    status: str
    note: str
    at: datetime
    late: timedelta | None
    deliveries: int


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret by its name, never its value. ``missing`` when it is needed and not there."""

    label: str
    ending: str
    since: datetime | None
    until: datetime | None
    missing: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits of one kind of document, its money in each currency."""

    document: str
    count: int
    money: list[Money]
    oldest_at: datetime
    doubtful: int


def calls(connection_id: int) -> list[Call]:
    """The latest calls, newest first."""
    return [_call(row) for row in sql.rows(_CALLS, (connection_id, SHOWN))]


def deliveries(connection_id: int) -> list[Delivery]:
    """The latest events, newest first."""
    return [_delivery(row) for row in sql.rows(_DELIVERIES, (connection_id, SHOWN))]


def credentials(connection: Connection, manifest: Manifest) -> list[Credential]:
    """Each secret that its way to sign in uses, and each value that is valid or will be."""
    now = clock.now()
    kept = [
        secret
        for secret in Secret.objects.filter(connection=connection)
        .only("name", "ending", "valid_from", "valid_to")
        .order_by("-valid_from", "-pk")
        if secret.valid_to is None or secret.valid_to > now
    ]
    found = []
    for known, needed in secrets_of(manifest, connection.parameters):
        mine = [secret for secret in kept if secret.name == known.name]
        found += [
            # Every private key ends alike: its last letters tell nothing.
            Credential(
                known.label,
                "" if known.lines else secret.ending,
                secret.valid_from,
                secret.valid_to,
            )
            for secret in mine
        ]
        if not mine:
            found.append(Credential(known.label, "", None, None, missing=needed))
    return found


def backlog(row: Row) -> list[Backlog]:
    """What waits for a target, by kind of document, the most first. Asks nothing."""
    waiting = row.health.waiting if row.health else ()
    found = []
    for kind in dict.fromkeys(item.document_type for item in waiting):
        mine = [item for item in waiting if item.document_type == kind]
        found.append(
            Backlog(
                document=DOCUMENTS.get(kind) or telling.title(kind),
                count=sum(item.count for item in mine),
                money=amounts((item.currency, item.amount) for item in mine),
                oldest_at=min(item.oldest_at for item in mine),
                doubtful=sum(item.doubtful for item in mine),
            )
        )
    return sorted(found, key=lambda item: -item.count)


def _call(row: Any) -> Call:
    asked = row.kind == "read"
    status, word = _outcome(row.outcome, row.state, asked=asked)
    took = row.finished_at - row.intent_at if row.finished_at else None
    return Call(
        id=row.id,
        at=row.intent_at,
        number=row.number,
        asked=asked,
        status=status,
        word=word,
        answer=_answer(row.http_status, row.reason),
        took=took // timedelta(milliseconds=1) if took is not None else None,
        command_id=row.command_id,
        key=row.key,
        journal_id=row.subject_id if row.subject_kind == "journal" else None,
        has_thread=row.subject_kind == "journal" or row.subject_kind in RECORDS,
        document=DOCUMENTS.get(row.document_type) or telling.title(row.document_type),
        money=Money(row.amount, row.currency) if row.currency else None,
        case_id=row.case_id,
        wire=_wire(row.wire),
    )


def _wire(text: str) -> Wire | None:
    if not text:
        return None
    found = json.loads(text)
    return Wire(found["for"] - 1, [Exchange(**one) for one in found["calls"]])


def _outcome(outcome: str | None, state: str, *, asked: bool) -> tuple[str, str]:
    """A send is written before it leaves, so one without an outcome is under way or in doubt."""
    if asked:
        return ("done", "Looked up") if outcome == "ok" else ("interrupted", "Not answered")
    if outcome is None:
        return ("sending", "Under way") if state == "sending" else ("in_doubt", "")
    return outcome, ""


def _answer(http_status: int | None, reason: str) -> str:
    if reason and http_status and str(http_status) not in reason:
        return f"{http_status}, {reason}"
    return reason or (str(http_status) if http_status else "")


def _delivery(row: Any) -> Delivery:
    late = row.received_at - row.occurred_at
    return Delivery(
        id=row.id,
        type=row.type,
        object_id=row.object_id,
        channel=_CHANNELS.get(row.channel, row.channel),
        status=row.state,
        note=row.reason,
        at=row.received_at,
        late=late if late > timedelta(seconds=1) else None,
        deliveries=row.deliveries,
    )
