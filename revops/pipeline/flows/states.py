"""What becomes of steps and runs. Every statement takes many rows and runs in a transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final

from revops.store import sql

_QUEUED: Final = """
UPDATE pipeline_steprun AS step
SET command_id = new.command, ready_at = %s, note = '', next_at = NULL,
    state = CASE command.state WHEN 'posted' THEN 'done' WHEN 'exception' THEN 'failed'
        WHEN 'cancelled' THEN 'withdrawn' ELSE 'queued' END,
    finished_at = CASE WHEN command.state = 'posted' THEN %s END
FROM unnest(%b::bigint[], %b::bigint[]) AS new (step, command)
JOIN delivery_outboundcommand command ON command.id = new.command
WHERE step.id = new.step
"""


def queued(pairs: Sequence[tuple[int, int]], *, at: datetime) -> None:
    """(step, command). A command that existed before may have ended before."""
    if pairs:
        steps, commands = zip(*pairs, strict=True)
        sql.run(_QUEUED, (at, at, list(steps), list(commands)))


def skipped(step_ids: Sequence[int], why: str, *, at: datetime) -> None:
    sql.run(
        "UPDATE pipeline_steprun SET state = 'skipped', note = %s, finished_at = %s, "
        "next_at = NULL WHERE id = ANY(%s)",
        (why, at, list(step_ids)),
    )


def unready(step_id: int, why: str, *, next_at: datetime) -> None:
    sql.run(
        "UPDATE pipeline_steprun SET state = 'unready', note = %s, next_at = %s WHERE id = %s",
        (why, next_at, step_id),
    )


def held(step_id: int, record_key: str) -> None:
    """An earlier state of the record is under way: this one follows when its end is known."""
    sql.run(
        "UPDATE pipeline_steprun SET state = 'held', record_key = %s, next_at = NULL WHERE id = %s",
        (record_key, step_id),
    )


def keyed(step_id: int, record_key: str) -> None:
    sql.run("UPDATE pipeline_steprun SET record_key = %s WHERE id = %s", (record_key, step_id))


def superseded(step_ids: Sequence[int]) -> None:
    sql.run(
        "UPDATE pipeline_steprun SET state = 'superseded', finished_at = now() WHERE id = ANY(%s)",
        (list(step_ids),),
    )


def superseded_by_key(record_key: str, *, but: int) -> None:
    """Older states of the record that still wait for the one under way will not be told."""
    _close(
        "UPDATE pipeline_steprun SET state = 'superseded', finished_at = now() "
        "WHERE record_key = %s AND state = 'held' AND id < %s RETURNING run_id",
        (record_key, but),
    )


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
