"""
What is kept how long. Raw payloads and tickets are needed while something may go wrong with them;
after that only what the books stand on is kept, which they are not. Whoever keeps more of which
less is enough later declares it, once, from ``AppConfig.ready``.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from revops.audit.models import Event
from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel import clock
from revops.kernel.actor import Actor

ACTION: Final = "retention.apply"
_CHUNK: Final = 5_000


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Rows of ``table`` whose ``since`` lies ``days`` back lose ``columns``. ``only`` is SQL of ours:
    what is still worked on stays. ``setting`` names what decides the days.
    """

    label: str
    table: str
    columns: Mapping[str, str]
    since: str
    setting: str
    only: str

    @property
    def days(self) -> int:
        return int(getattr(settings, self.setting))

    def __str__(self) -> str:
        return f"{self.table}: {', '.join(self.columns)}"


_RULES: Final = [
    Rule(
        "Raw payloads of events that are done with", "events_inboundevent",
        {"body": "''::bytea"}, "received_at", "REVOPS_RETAIN_RAW_DAYS",
        "octet_length(body) > 0 AND state IN ('processed', 'ignored')",
    ),
    Rule(
        "Raw payloads of settled conflicts", "events_eventconflict",
        {"body": "''::bytea"}, "received_at", "REVOPS_RETAIN_RAW_DAYS",
        "octet_length(body) > 0 AND NOT EXISTS (SELECT 1 FROM exceptions_case held WHERE "
        "held.inbound_id = event_id AND held.state <> 'resolved')",
    ),
    Rule(
        "Texts of resolved tickets", "canonical_supportcase",
        {"title": "''", "resolution": "''"}, "resolved_on",
        "REVOPS_RETAIN_TICKET_DAYS", "(title <> '' OR resolution <> '')",
    ),
]  # fmt: skip


def declare(rule: Rule) -> None:
    """One that says the same again takes the place of the first."""
    _RULES[:] = [*(one for one in _RULES if str(one) != str(rule)), rule]


def rules() -> Sequence[Rule]:
    """All of them, in the order in which they are applied and shown."""
    return tuple(_RULES)


@recorded
def retain(
    *, by: Actor, at: datetime | None = None, dry_run: bool = False, seconds: float = math.inf
) -> dict[str, int]:
    """
    Delete what is older than its rule allows, some thousand rows a transaction, for at most so many
    ``seconds``; how many rows, by rule. With ``dry_run`` only count. Every run is an act that says
    how many and how old, also one that found nothing: so the last one is known.
    """
    now = at or clock.now()
    if dry_run:
        nothing_to_record("it was only counted")
        return {str(rule): _count(rule, now) for rule in rules()}
    until = time.monotonic() + seconds
    found = {str(rule): _apply(rule, now, until=until) for rule in rules()}
    ended = time.monotonic() < until
    with transaction.atomic():
        record(
            ACTION, by=by, kind="retention", reference=f"{now:%Y-%m-%d}",
            after={
                "rows": found, "days": {str(rule): rule.days for rule in rules()}, "ended": ended,
            },
        )  # fmt: skip
    return found


@dataclass(frozen=True, slots=True)
class LastRun:
    """The newest run: when, which act, how many rows by rule, and whether it got to the end."""

    at: datetime
    seq: int
    rows: Mapping[str, int]
    ended: bool

    @property
    def total(self) -> int:
        return sum(self.rows.values())


def last_run() -> LastRun | None:
    """The newest run, from the audit trail; None when there was none yet."""
    event = Event.objects.filter(action=ACTION, detail__isnull=False).order_by("-seq").first()
    if event is None:
        return None
    after = json.loads(event.detail or "{}").get("after", {})
    return LastRun(event.ts, event.seq, after.get("rows", {}), after.get("ended", True))


def _old(rule: Rule) -> str:
    return f"{rule.since} < %s AND {rule.only}"


def _limit(rule: Rule, now: datetime) -> datetime:
    return now - timedelta(days=rule.days)


def _count(rule: Rule, now: datetime) -> int:
    with connection.cursor() as cursor:
        statement = f"SELECT count(*) FROM {rule.table} WHERE {_old(rule)}"  # noqa: S608  rules are literals
        cursor.execute(statement, [_limit(rule, now)])
        return int(cursor.fetchone()[0])


def _apply(rule: Rule, now: datetime, *, until: float) -> int:
    values = ", ".join(f"{column} = {value}" for column, value in rule.columns.items())
    # An array is read once; of IN, a plan may ask again, and each time for as many more.
    statement = (
        f"UPDATE {rule.table} SET {values} WHERE id = ANY (ARRAY(SELECT id FROM {rule.table} "  # noqa: S608  rules are literals
        f"WHERE {_old(rule)} ORDER BY id LIMIT {_CHUNK} FOR UPDATE SKIP LOCKED))"
    )
    total = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [_limit(rule, now)])
            done = int(cursor.rowcount)
            total += done
            if done < _CHUNK or time.monotonic() >= until:
                return total
