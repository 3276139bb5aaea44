"""Whose turn it is: steps of runs whose earlier steps are over, and of which a record came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from revops.kernel import strict_json
from revops.pipeline.flows.base import POST
from revops.pipeline.flows.catalogue import flows
from revops.store import sql

# What a later step need not wait for any more.
OVER: Final = ("done", "skipped", "superseded")

_STANDING: Final = """
SELECT run.id AS run_id, run.flow, run.posting, run.checks::text AS checks, step.id, step.step,
    step.state
FROM pipeline_flowrun run JOIN pipeline_steprun step ON step.run_id = run.id
WHERE run.id = ANY(%s) AND run.state IN ('running', 'failed') ORDER BY run.id, step.position
"""


# What one event wakes at once; of more than these the rest are taken by the next look.
AT_ONCE: Final = 200

_ARRIVED: Final = """
WITH waiting AS (
    SELECT id FROM pipeline_steprun WHERE state = 'unready' AND waits_for = ANY(%s)
    ORDER BY id FOR UPDATE
)
UPDATE pipeline_steprun AS step SET next_at = %s FROM waiting WHERE step.id = waiting.id
RETURNING step.id
"""


def arrived(names: Collection[str], *, at: datetime) -> list[int]:
    """
    The ids of steps that wait for any of these (``transform.base.Unready``), to be released in the
    caller's transaction; before it locks anything for a release. A step that is being looked at is
    waited for, so that it is not put off by a look that came too early.
    """
    if not names:
        return []
    return sorted(row.id for row in sql.rows(_ARRIVED, (list(names), at)))[:AT_ONCE]


def ready(run_ids: Sequence[int]) -> list[int]:
    """The ids of waiting steps whose turn has come."""
    found: list[int] = []
    by_run: dict[int, list[Any]] = defaultdict(list)
    for row in sql.rows(_STANDING, (list(run_ids),)):
        by_run[row.run_id].append(row)
    for rows in by_run.values():
        flow = flows()[rows[0].flow]
        closed = _closed(rows)
        found += [
            row.id
            for row in rows
            if row.state == "waiting" and not closed.intersection(flow.step(row.step).after)
        ]
    return found


def _closed(rows: Sequence[Any]) -> set[str]:
    """Names of steps that are not over. A command that no connection takes holds nobody up."""
    closed = {row.step for row in rows if row.state not in OVER}
    if rows[0].posting:
        closed.add(POST)
    checks: Any = strict_json.loads(rows[0].checks)
    return closed | {check["step"] for check in checks if not check["passed"]}
