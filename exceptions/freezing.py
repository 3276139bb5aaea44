"""Cases of a job, frozen by one statement: tens of thousands while somebody waits for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from exceptions import kinds
from exceptions.models import Case
from exceptions.remedies import choice
from revops.store import sql


def frozen_at_once(
    job_id: int, ids: Sequence[int], options: Mapping[str, Any], *, only: str, why: str
) -> bool:
    """
    What ``freeze`` says case by case: those in the states of ``only`` (an SQL condition)
    take part, the others are left out with the reason ``why``.
    """
    sql.run(_FROZEN.format(only=only), {"job": job_id, "ids": list(ids), "why": why})
    return True


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


_SHAPES: Final = """
SELECT min(held.id) AS one, held.kind, held.state, coalesce(command.subject_kind, '') AS about,
    held.command_id IS NOT NULL AS sent, held.inbound_id IS NOT NULL AS told,
    held.connection_slug <> '' AS placed
FROM exceptions_case held LEFT JOIN delivery_outboundcommand command ON command.id = held.command_id
WHERE held.id = ANY(%s) AND held.state <> 'resolved' GROUP BY 2, 3, 4, 5, 6, 7
"""
_BY_SHAPE: Final = """
INSERT INTO jobs_jobitem (job_id, position, subject_id, reference, label, entity, period_code,
    currency, amount, state, outcome)
SELECT %(job)s, row_number() OVER (ORDER BY held.opened_at, held.id) - 1, held.id,
    'EXC-' || held.id, left(coalesce(nullif(held.subject_label, ''), held.cause), 240),
    coalesce(entity.code, ''), held.period_code,
    CASE WHEN held.at_stake IS NULL THEN '' ELSE held.currency END,
    CASE WHEN held.currency = '' THEN NULL ELSE held.at_stake END,
    CASE WHEN shape.why = '' THEN 'pending' ELSE 'excluded' END,
    coalesce(shape.why, 'It is settled already.')
FROM exceptions_case held
LEFT JOIN mappings_legalentity entity ON entity.id = held.legal_entity_id
LEFT JOIN delivery_outboundcommand command ON command.id = held.command_id
LEFT JOIN unnest(%(kinds)s::text[], %(states)s::text[], %(about)s::text[], %(sent)s::boolean[],
        %(told)s::boolean[], %(placed)s::boolean[], %(why)s::text[])
    AS shape (kind, state, about, sent, told, placed, why)
    ON shape.kind = held.kind AND shape.state = held.state
    AND shape.about = coalesce(command.subject_kind, '')
    AND shape.sent = (held.command_id IS NOT NULL) AND shape.told = (held.inbound_id IS NOT NULL)
    AND shape.placed = (held.connection_slug <> '')
WHERE held.id = ANY(%(ids)s)
ON CONFLICT (job_id, subject_id) DO NOTHING
"""


def frozen_by_shape(job_id: int, ids: Sequence[int], options: Mapping[str, Any]) -> bool:
    """
    For a retry: which of them take the remedy is asked once for each shape of a case. False, and
    nothing is written, when a remedy among them looks at more than that.
    """
    slug = str(options.get("remedy", ""))
    shapes = sql.rows(_SHAPES, (list(ids),))
    wanted = {one for shape in shapes for one in kinds.described(shape.kind).remedies}
    if not all(kinds.remedy(one).by_shape for one in wanted):
        return False
    alike = Case.objects.select_related("command", "inbound").defer(
        "command__payload", "inbound__body"
    )
    held = alike.in_bulk([shape.one for shape in shapes])
    columns: dict[str, Any] = {
        "kinds": [shape.kind for shape in shapes], "states": [shape.state for shape in shapes],
        "about": [shape.about for shape in shapes], "sent": [shape.sent for shape in shapes],
        "told": [shape.told for shape in shapes], "placed": [shape.placed for shape in shapes],
        "why": [choice(held[shape.one], slug)[1] for shape in shapes],
    }  # fmt: skip
    sql.run(_BY_SHAPE, {"job": job_id, "ids": list(ids), **columns})
    return True
