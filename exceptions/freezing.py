"""Cases of a job, frozen by one statement: tens of thousands while somebody waits for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from revops.store import sql


def frozen_at_once(
    job_id: int, ids: Sequence[int], options: Mapping[str, Any], *, only: str, why: str
) -> None:
    """
    What ``freeze`` says case by case: those in the states of ``only`` (an SQL condition)
    take part, the others are left out with the reason ``why``.
    """
    sql.run(_FROZEN.format(only=only), {"job": job_id, "ids": list(ids), "why": why})


_FROZEN: Final = """
INSERT INTO jobs_jobitem (job_id, position, subject_id, reference, label, entity, period_code,
    currency, amount, state, outcome)
SELECT %(job)s, row_number() OVER (ORDER BY held.opened_at, held.id) - 1, held.id,
    'EXC-' || held.id, left(coalesce(nullif(held.subject_label, ''), held.cause), 240),
    coalesce(entity.code, ''), held.period_code,
    CASE WHEN held.at_stake IS NULL THEN '' ELSE held.currency END,
    CASE WHEN held.currency = '' THEN NULL ELSE held.at_stake END,
    CASE WHEN {only} THEN 'pending' ELSE 'excluded' END,
    CASE WHEN {only} THEN '' ELSE %(why)s END
FROM exceptions_case held
LEFT JOIN mappings_legalentity entity ON entity.id = held.legal_entity_id
WHERE held.id = ANY(%(ids)s)
ON CONFLICT (job_id, subject_id) DO NOTHING
"""
STILL_OPEN: Final = partial(
    frozen_at_once, only="held.state <> 'resolved'", why="It is settled already."
)
OPEN_ONLY: Final = partial(
    frozen_at_once, only="held.state = 'open'",
    why="Only an open case can be closed without a fix.",
)  # fmt: skip
EVERY: Final = partial(frozen_at_once, only="true", why="")
