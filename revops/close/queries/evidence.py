"""
What the tests of a close find beside cases, in one statement for all its legal entities.

Each part reads by an index that holds only what is unfinished, so it costs what is still to do and
not what was ever done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from revops.close.queries.periods import Closing
from revops.pipeline.period_end.credits import ACCRUED
from revops.pipeline.period_end.runs import AUTOMATIC
from revops.store import sql

# What came in a moment ago is on its way, and no reason to wait with a signature.
_PATIENCE: Final = timedelta(minutes=10)

# The states are written out: PostgreSQL takes a partial index only for the same words.
_EVIDENCE: Final = """
WITH asked AS (
    SELECT * FROM unnest(%(entities)s::bigint[], %(codes)s::text[], %(periods)s::bigint[],
        %(starts)s::date[], %(ends)s::date[]) AS asked (entity_id, code, period_id, starts, ends)
), waiting AS (
    SELECT connection_id, count(*) AS events FROM inbox GROUP BY 1
), credit AS (
    SELECT credit.legal_entity_id, credit.currency, credit.amount, credit.credit_type,
        coalesce(credit.entitled_on, credit.created_at::date) AS since
    FROM credits_servicecredit credit
    WHERE credit.state IN ('draft', 'waiting', 'approved', 'issuing') AND credit.state <> 'draft'
), accrued AS (
    SELECT DISTINCT ON (run.period_id) run.period_id, run.state
    FROM mappings_periodrun run JOIN asked USING (period_id)
    WHERE run.kind = 'credits' ORDER BY run.period_id, run.id DESC
)
SELECT 'under_way' AS test, command.legal_entity_id AS entity_id, command.currency,
    count(*)::bigint AS open, sum(command.amount)::bigint AS money
FROM delivery_outboundcommand command
WHERE command.state IN ('pending', 'claimed', 'sending', 'retry_wait', 'unknown')
    AND command.period_code = %(period)s AND command.legal_entity_id = ANY(%(entities)s)
    AND command.subject_kind = 'journal' AND NOT EXISTS (
        SELECT 1 FROM exceptions_case held
        WHERE held.command_id = command.id AND NOT (held.state = 'resolved'))
GROUP BY 2, 3
UNION ALL
SELECT 'arrived', asked.entity_id, '', sum(waiting.events)::bigint, 0
FROM asked JOIN LATERAL (
    SELECT DISTINCT connection_id FROM mappings_entitymap WHERE legal_entity_id = asked.entity_id
) AS home ON true
JOIN waiting USING (connection_id)
GROUP BY 2
UNION ALL
SELECT 'applied', payment.legal_entity_id, payment.currency, count(*), sum(payment.amount)::bigint
FROM canonical_payment payment JOIN asked ON asked.entity_id = payment.legal_entity_id
WHERE payment.invoice_id IS NULL AND NOT (payment.invoice_ref = '')
    AND payment.state = 'succeeded' AND payment.dated BETWEEN asked.starts AND asked.ends
GROUP BY 2, 3
UNION ALL
SELECT 'credits_decided', asked.entity_id, credit.currency, count(*),
    coalesce(sum(credit.amount), 0)::bigint
FROM credit JOIN asked ON asked.entity_id = credit.legal_entity_id
LEFT JOIN accrued USING (period_id)
WHERE credit.since <= asked.ends
    AND NOT (credit.credit_type = ANY(%(accrued)s) AND accrued.state = 'done')
GROUP BY 2, 3
UNION ALL
SELECT 'decided', asked.entity_id, request.currency, count(*),
    coalesce(sum(request.amount), 0)::bigint
FROM approvals_approvalrequest request JOIN asked ON asked.code = request.entity
WHERE request.state = 'waiting' AND NOT (request.subject = ANY(%(elsewhere)s))
GROUP BY 2, 3
UNION ALL
SELECT 'runs_made', asked.entity_id, '',
    count(*) FILTER (WHERE latest.state IS DISTINCT FROM 'done'), 0
FROM asked CROSS JOIN unnest(%(runs)s::text[]) AS kind
LEFT JOIN LATERAL (
    SELECT state FROM mappings_periodrun run
    WHERE run.period_id = asked.period_id AND run.kind = kind.kind ORDER BY run.id DESC LIMIT 1
) AS latest ON true
GROUP BY 2
UNION ALL
SELECT 'recognised', asked.entity_id, schedule.functional_currency, count(*),
    sum(schedule.functional_total)::bigint
FROM ledger_revenueschedule schedule JOIN asked ON asked.entity_id = schedule.legal_entity_id
WHERE schedule.due_from IS NOT NULL AND schedule.due_from <= asked.ends
    AND schedule.service_start <= asked.ends
    AND NOT EXISTS (SELECT 1 FROM ledger_journalentry entry WHERE entry.id = schedule.entry_id
        AND entry.document_date IS NOT NULL AND entry.accounting_date > asked.ends)
GROUP BY 2, 3
"""
_INBOX: Final = """(
    SELECT connection_id FROM events_inboundevent
    WHERE state IN ('received', 'parked') AND received_at < %(before)s
        AND received_at >= (SELECT min(starts) FROM asked)
) AS inbox"""
# What is asked for elsewhere in the close, and what would not change its books.
_ELSEWHERE: Final = ("service_credit", "close_waiver", "period_reopening", "approval_policy")


@dataclass(slots=True)
class Found:
    """How many things of a test are open in a legal entity, and their money by currency."""

    open: int = 0
    money: dict[str, int] = field(default_factory=dict)


def found(closings: Sequence[Closing], *, at: datetime) -> Mapping[tuple[str, int], Found]:
    """By (test, legal entity's id), one statement; a test of which nothing is open is missing."""
    if not closings:
        return {}
    statement = _EVIDENCE.replace("FROM inbox ", f"FROM {_INBOX} ")
    rows = sql.rows(
        statement,
        {
            "entities": [one.entity_id for one in closings],
            "codes": [one.entity for one in closings],
            "periods": [one.period_id for one in closings],
            "starts": [one.starts for one in closings], "ends": [one.ends for one in closings],
            "period": closings[0].code, "before": at - _PATIENCE, "runs": list(AUTOMATIC),
            "accrued": sorted(ACCRUED), "elsewhere": list(_ELSEWHERE),
        },
    )  # fmt: skip
    made: dict[tuple[str, int], Found] = {}
    for row in rows:
        _add(made, row)
    return made


def _add(made: dict[tuple[str, int], Found], row: Any) -> None:
    if not row.open:
        return
    held = made.setdefault((row.test, row.entity_id), Found())
    held.open += int(row.open)
    if row.currency and row.money:
        held.money[row.currency] = held.money.get(row.currency, 0) + int(row.money)
