"""
The gate rows in the database: who drains a connection, and what ``gate`` decides about it.

One worker drains a connection at a time, under a lease on its gate row; a worker that lost the
lease can no longer write commands (their fences have moved) and its sends run into their deadline.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final

from connectors.contract import Outcome
from revops.delivery import gate, windows
from revops.delivery.gate import Allowance, Breaker, GateRow
from revops.store import sql

COLUMNS: Final = tuple(field.name for field in fields(GateRow) if field.name != "weekly")
_SELECT = f"""
SELECT {", ".join(COLUMNS)}, {windows.OF_GATE.format(gate="delivery_gate")}, now() AS now
FROM delivery_gate WHERE connection_id = %s
"""  # noqa: S608  own literals

_TAKE = """
UPDATE delivery_gate SET drainer = %s, drain_until = now() + %s * interval '1 second'
WHERE connection_id = %s AND (drainer = %s OR drain_until IS NULL OR drain_until < now())
"""
_LEAVE = """
UPDATE delivery_gate SET drainer = '', drain_until = NULL WHERE connection_id = %s AND drainer = %s
"""

_WRITE = """
UPDATE delivery_gate SET breaker = %s, opened_at = %s, retry_at = %s, failures = %s, trips = %s,
    story = %s, not_before = %s, slow_start = %s, tokens = %s, tokens_at = %s,
    succeeded_at = CASE WHEN %s THEN now() ELSE succeeded_at END,
    failed_at = CASE WHEN %s THEN now() ELSE failed_at END
WHERE connection_id = %s
"""


def take(connection_id: int, *, drainer: str, lease: float) -> bool:
    """Become, or stay, the one who drains this connection."""
    return sql.run(_TAKE, (drainer, lease, connection_id, drainer)) == 1


def leave(connection_id: int, *, drainer: str) -> None:
    sql.run(_LEAVE, (connection_id, drainer))


def read(connection_id: int, *, lock: bool = False) -> tuple[GateRow, datetime]:
    """The gate and the database's clock. Raises LookupError without a gate."""
    row = sql.one(_SELECT + (" FOR UPDATE" if lock else ""), (connection_id,))
    if row is None:
        raise LookupError(f"Connection {connection_id} has no gate.")
    return row_of(row), row.now


def row_of(row: Any) -> GateRow:
    """The gate in a row that begins with COLUMNS, in their order, and has ``weekly``."""
    values: tuple[Any, ...] = (
        Breaker(row.breaker), *row[1 : len(COLUMNS)], windows.parse(row.weekly)
    )  # fmt: skip
    return GateRow(*values)


def allow(connection_id: int, *, most: int) -> Allowance:
    """How many may go now, and in how many calls at once; takes the tokens it grants."""
    with sql.atomic():
        before, now = read(connection_id, lock=True)
        after, allowance = gate.allow(before, now=now, most=most)
        if after != before:
            _write(connection_id, after)
    return replace(allowance, at_once=after.max_in_flight)


def refund(connection_id: int, unused: int) -> None:
    """Give back tokens that were granted and not needed."""
    sql.run(
        "UPDATE delivery_gate SET tokens = least(rate, tokens + %s) "
        "WHERE connection_id = %s AND rate > 0",
        (unused, connection_id),
    )


def observe(connection_id: int, outcomes: Sequence[tuple[Outcome, int | None]]) -> GateRow:
    """Let the gate learn from a batch's answers, within the caller's transaction."""
    before, now = read(connection_id, lock=True)
    after = gate.observe(before, outcomes, now=now, random=random.random())
    good = any(outcome in (Outcome.OK, Outcome.ALREADY_DONE) for outcome, _ in outcomes)
    bad = any(
        outcome in (Outcome.TRANSIENT, Outcome.AUTH, Outcome.IN_DOUBT, Outcome.NOT_SENT)
        for outcome, _ in outcomes
    )
    if after != before or good or bad:
        _write(connection_id, after, good=good, bad=bad)
    return after


def trial(connection_id: int) -> None:
    """A person wants the next trial now."""
    with sql.atomic():
        before, now = read(connection_id, lock=True)
        _write(connection_id, gate.trial(before, now=now))


def _write(connection_id: int, row: GateRow, *, good: bool = False, bad: bool = False) -> None:
    sql.run(
        _WRITE,
        (
            row.breaker.value,
            *(getattr(row, name) for name in (
                "opened_at", "retry_at", "failures", "trips", "story", "not_before", "slow_start",
                "tokens", "tokens_at",
            )),
            good,
            bad,
            connection_id,
        ),
    )  # fmt: skip


def pause(connection_id: int, *, by: str, reason: str, until: datetime | None) -> None:
    """Stop sending until a person resumes, or until a moment. What is in flight ends by itself."""
    sql.run(
        "UPDATE delivery_gate SET paused_at = now(), paused_until = %s, paused_by = %s, "
        "pause_reason = %s WHERE connection_id = %s",
        (until, by, reason, connection_id),
    )


def resume(connection_id: int) -> None:
    """Send again, slowly at first."""
    sql.run(
        "UPDATE delivery_gate SET paused_at = NULL, paused_until = NULL, paused_by = '', "
        "pause_reason = '', slow_start = 2 WHERE connection_id = %s",
        (connection_id,),
    )


def throttle(connection_id: int, *, rate: int) -> None:
    """At most ``rate`` commands a second; 0 takes the limit away."""
    sql.run(
        "UPDATE delivery_gate SET rate = %s, tokens = 0, tokens_at = now() "
        "WHERE connection_id = %s",
        (rate, connection_id),
    )


def limit(connection_id: int, *, max_in_flight: int) -> None:
    """At most so many calls at once; the manifest's own limit holds beside it."""
    sql.run(
        "UPDATE delivery_gate SET max_in_flight = %s WHERE connection_id = %s",
        (max_in_flight, connection_id),
    )


def maintenance(
    connection_id: int, *, since: datetime | None, until: datetime | None, note: str
) -> None:
    """Announce a window in which nothing is sent; None for both takes it away."""
    sql.run(
        "UPDATE delivery_gate SET window_from = %s, window_to = %s, window_note = %s "
        "WHERE connection_id = %s",
        (since, until, note, connection_id),
    )


def fall_back(connection_id: int, *, to: int | None, after: int) -> None:
    """Where messages go when sending has been stopped for so many minutes; None: they wait."""
    sql.run(
        "UPDATE delivery_gate SET fallback_id = %s, fallback_after = %s WHERE connection_id = %s",
        (to, after, connection_id),
    )
