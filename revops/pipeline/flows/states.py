"""What becomes of steps and runs. Every statement takes many rows and runs in a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from revops.store import sql

_QUEUED: Final = """
UPDATE pipeline_steprun AS step
SET command_id = new.command, record_key = new.record_key, ready_at = %s, note = '', next_at = NULL,
    waits_for = '',
    state = CASE command.state WHEN 'posted' THEN 'done' WHEN 'exception' THEN 'failed'
        WHEN 'cancelled' THEN 'withdrawn' ELSE 'queued' END,
    finished_at = CASE WHEN command.state = 'posted' THEN %s END
FROM unnest(%b::bigint[], %b::bigint[], %b::text[]) AS new (step, command, record_key)
JOIN delivery_outboundcommand command ON command.id = new.command
WHERE step.id = new.step
"""


def queued(rows: Sequence[tuple[int, int, str]], *, at: datetime) -> None:
    """
    (step, command, key of the record whose state it tells or ""). A command that existed before
    may have ended before.
    """
    if rows:
        steps, commands, record_keys = zip(*rows, strict=True)
        sql.run(_QUEUED, (at, at, list(steps), list(commands), list(record_keys)))


_NOTED: Final = """
UPDATE pipeline_steprun AS step
SET state = new.state, note = coalesce(new.note, step.note), next_at = new.next_at,
    record_key = coalesce(new.record_key, step.record_key),
    finished_at = coalesce(new.finished_at, step.finished_at), waits_for = new.waits_for
FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::text[], %b::timestamptz[],
    %b::timestamptz[], %b::text[]) AS new
    (id, state, note, record_key, next_at, finished_at, waits_for)
WHERE step.id = new.id
"""


class Notes:
    """What becomes of steps that send nothing now: collected, and written in one statement."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._rows: list[
            tuple[int, str, str | None, str | None, datetime | None, datetime | None, str]
        ] = []

    def skipped(self, step_id: int, why: str) -> None:
        self._rows.append((step_id, "skipped", why, None, None, self.at, ""))

    def unready(self, step_id: int, why: str, *, next_at: datetime, waits_for: str) -> None:
        self._rows.append((step_id, "unready", why, None, next_at, None, waits_for))

    def held(self, step_id: int, record_key: str) -> None:
        """An earlier state of the record is under way: this one follows when its end is known."""
        self._rows.append((step_id, "held", None, record_key, None, None, ""))

    def superseded(self, step_id: int) -> None:
        self._rows.append((step_id, "superseded", None, None, None, self.at, ""))

    def write(self) -> None:
        if self._rows:
            sql.run(_NOTED, [list(column) for column in zip(*self._rows, strict=True)])
            self._rows.clear()


_OLDER: Final = """
UPDATE pipeline_steprun AS step SET state = 'superseded', finished_at = now()
FROM unnest(%b::text[], %b::bigint[]) AS newer (record_key, id)
WHERE step.record_key = newer.record_key AND step.state = 'held' AND step.id < newer.id
RETURNING step.run_id
"""


def superseded_by(newer: Sequence[tuple[str, int]]) -> None:
    """
    (record key, step). Older states of the record that still wait for the one under way will not
    be told.
    """
    if newer:
        _close(_OLDER, [list(column) for column in zip(*newer, strict=True)])


def superseded_commands(command_ids: Collection[int]) -> None:
    _close(
        "UPDATE pipeline_steprun SET state = 'superseded', finished_at = now() "
        "WHERE command_id = ANY(%s) RETURNING run_id",
        (list(command_ids),),
    )


def _close(statement: str, params: Sequence[object]) -> None:
    runs = {row.run_id for row in sql.rows(statement, params)}
    settle(runs)


_SETTLE: Final = """
UPDATE pipeline_flowrun AS run SET state = new.state,
    finished_at = CASE WHEN new.state = 'done' THEN coalesce(run.finished_at, now()) END
FROM (
    SELECT run.id, CASE
        WHEN run.checks @> '[{"passed": false}]' OR bool_or(step.state = 'failed') THEN 'failed'
        WHEN run.posting OR bool_or(step.state IN ('waiting', 'held', 'unready', 'queued'))
            THEN 'running'
        ELSE 'done' END AS state
    FROM pipeline_flowrun run LEFT JOIN pipeline_steprun step ON step.run_id = run.id
    WHERE run.id = ANY(%s) GROUP BY run.id
) AS new
WHERE run.id = new.id AND run.state IN ('running', 'failed', 'done')
    AND run.state IS DISTINCT FROM new.state
"""


def settle(run_ids: Iterable[int], *, at: datetime | None = None) -> None:
    """Say of each run whether it is done, failed, or still running."""
    ids = sorted(set(run_ids))
    if ids:
        sql.run(_SETTLE, (ids,))
