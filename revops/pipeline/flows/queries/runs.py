"""Counts, times and runs of flows, for their pages. Days are the database's last 24 hours and 7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from revops.kernel import strict_json
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Counts:
    """How many runs, and the median milliseconds from the event to the end of its last step."""

    day: int = 0
    week: int = 0
    running: int = 0
    waiting: int = 0
    failed: int = 0
    undone: int = 0
    median: int | None = None


# Open runs of any age; ended ones of the last seven days.
_COUNTS: Final = """
SELECT flow, count(*) FILTER (WHERE started_at >= now() - interval '1 day') AS day,
    count(*) FILTER (WHERE started_at >= now() - interval '7 days') AS week,
    count(*) FILTER (WHERE state IN ('running', 'compensating')) AS running,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    count(*) FILTER (WHERE state = 'compensated') AS undone,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM finished_at - started_at))
        FILTER (WHERE state = 'done' AND started_at >= now() - interval '7 days') * 1000)::bigint
        AS median
FROM pipeline_flowrun
WHERE started_at >= now() - interval '7 days' OR state NOT IN ('done', 'compensated')
GROUP BY flow
"""
_WAITING: Final = """
SELECT run.flow, count(DISTINCT run.id) AS waiting FROM pipeline_steprun step
JOIN pipeline_flowrun run ON run.id = step.run_id
WHERE step.state = 'unready' GROUP BY run.flow
"""
# Flows without stored runs: the event itself says that it was done.
_EVENTS: Final = """
SELECT split_part(contract, '/', 1) AS flow,
    count(*) FILTER (WHERE recorded_at >= now() - interval '1 day') AS day, count(*) AS week
FROM events_businessevent WHERE recorded_at >= now() - interval '7 days' GROUP BY 1
"""


def counts() -> dict[str, Counts]:
    """By flow. Flows that keep no runs are counted by their events."""
    waiting = {row.flow: row.waiting for row in sql.rows(_WAITING)}
    found = {row.flow: Counts(row.day, row.week) for row in sql.rows(_EVENTS)}
    for row in sql.rows(_COUNTS):
        held = waiting.get(row.flow, 0)
        found[row.flow] = Counts(
            row.day, row.week, max(0, row.running - held), held, row.failed, row.undone, row.median
        )
    return found


@dataclass(frozen=True, slots=True)
class StepCounts:
    """What became of one step in the last seven days, and of all that are still open."""

    done: int = 0
    open: int = 0
    failed: int = 0
    other: int = 0
    median: int | None = None


_STEPS: Final = """
SELECT step.step, count(*) FILTER (WHERE step.state = 'done') AS done,
    count(*) FILTER (WHERE step.state IN ('waiting', 'held', 'unready', 'queued')) AS open,
    count(*) FILTER (WHERE step.state = 'failed') AS failed,
    count(*) FILTER (WHERE step.state IN ('skipped', 'superseded', 'withdrawn')) AS other,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM
        step.finished_at - step.ready_at)) FILTER (WHERE step.state = 'done') * 1000)::bigint
        AS median
FROM pipeline_steprun step JOIN pipeline_flowrun run ON run.id = step.run_id
WHERE run.flow = %(flow)s AND (run.started_at >= now() - interval '7 days'
    OR run.state NOT IN ('done', 'compensated'))
GROUP BY step.step
"""
_LINE: Final = """
SELECT count(*) AS runs, count(*) FILTER (WHERE posting) AS posting
FROM pipeline_flowrun WHERE flow = %(flow)s AND (started_at >= now() - interval '7 days'
    OR state NOT IN ('done', 'compensated'))
"""
_CHECKS: Final = """
SELECT found ->> 'step' AS step, count(*) FILTER (WHERE found -> 'passed' = 'true') AS passed,
    count(*) FILTER (WHERE found -> 'passed' = 'false') AS failed
FROM pipeline_flowrun CROSS JOIN LATERAL jsonb_array_elements(checks) AS found
WHERE flow = %(flow)s AND (started_at >= now() - interval '7 days'
    OR state NOT IN ('done', 'compensated'))
GROUP BY 1
"""


def step_counts(flow: str, *, line: Sequence[str], post: str) -> dict[str, StepCounts]:
    """By step. ``line`` are the steps that the line does at once, ``post`` that of the ERP."""
    asked = {"flow": flow}
    found = {row.step: StepCounts(*row[1:]) for row in sql.rows(_STEPS, asked)}
    for row in sql.rows(_CHECKS, asked):
        found[row.step] = StepCounts(done=row.passed, failed=row.failed)
    runs = sql.one(_LINE, asked)
    assert runs is not None
    for name in line:
        posting = runs.posting if name == post else 0
        found[name] = StepCounts(done=runs.runs - posting, open=posting)
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """A run, and for its own page the steps that were made for it."""

    id: int
    flow: str
    state: str
    posting: bool
    note: str
    subject_id: str
    record_kind: str
    record_id: int
    source: str
    legal_entity: str
    correlation_id: str
    started_at: datetime
    finished_at: datetime | None
    event_id: int
    inbound_id: int | None
    checks: Sequence[dict[str, Any]] = field(default=())

    @property
    def milliseconds(self) -> int | None:
        if self.finished_at is None:
            return None
        return int((self.finished_at - self.started_at).total_seconds() * 1000)


_RUN: Final = """
SELECT run.id, run.flow, run.state, run.posting, run.note, run.subject_id, run.record_kind,
    run.record_id, coalesce(source.label, '') AS source, coalesce(entity.name, '') AS legal_entity,
    run.correlation_id, run.started_at, run.finished_at, run.business_event_id AS event_id,
    event.inbound_id, run.checks::text AS found
FROM pipeline_flowrun run
JOIN events_businessevent event ON event.id = run.business_event_id
LEFT JOIN connectors_connection source ON source.id = run.source_id
LEFT JOIN mappings_legalentity entity ON entity.id = run.legal_entity_id
"""


def recent(flow: str, *, most: int) -> list[Run]:
    """The newest runs of a flow; those in trouble first."""
    statement = (
        f"{_RUN} WHERE run.flow = %s ORDER BY run.state = 'failed' DESC, run.started_at DESC "
        "LIMIT %s"
    )
    return [_run(row) for row in sql.rows(statement, (flow, most))]


def run(run_id: int) -> Run | None:
    row = sql.one(f"{_RUN} WHERE run.id = %s", (run_id,))  # noqa: S608  own literals
    return None if row is None else _run(row)


def _run(row: Any) -> Run:
    values: dict[str, Any] = row._asdict()
    found: Any = strict_json.loads(values.pop("found"))
    return Run(**values, checks=tuple(found))


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of a run towards one system."""

    step: str
    state: str
    note: str
    system: str
    slug: str
    command_id: int | None
    external_id: str
    attempts: int
    ready_at: datetime | None
    finished_at: datetime | None
    next_at: datetime | None
    undo_state: str
    undo_note: str
    undo_command_id: int | None
    case_id: int | None

    @property
    def milliseconds(self) -> int | None:
        if self.ready_at is None or self.finished_at is None:
            return None
        return int((self.finished_at - self.ready_at).total_seconds() * 1000)


_ROWS: Final = """
SELECT step.step, step.state, step.note, connection.label, connection.slug, step.command_id,
    coalesce(command.external_id, '') AS external_id, coalesce(command.attempts, 0) AS attempts,
    step.ready_at, step.finished_at, step.next_at, step.undo_state, step.undo_note,
    step.undo_command_id, open.id AS case_id
FROM pipeline_steprun step JOIN connectors_connection connection
    ON connection.id = step.connection_id
LEFT JOIN delivery_outboundcommand command ON command.id = step.command_id
LEFT JOIN LATERAL (
    SELECT id FROM exceptions_case found
    WHERE found.command_id IN (step.command_id, step.undo_command_id)
        AND found.state <> 'resolved' ORDER BY id LIMIT 1
) open ON true
WHERE step.run_id = %s ORDER BY step.position, connection.label
"""


def steps_of(run_id: int) -> list[StepRow]:
    return [StepRow(*row) for row in sql.rows(_ROWS, (run_id,))]
