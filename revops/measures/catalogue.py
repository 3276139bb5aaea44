"""
What is sampled. Each is one statement that gives (hour, legal_entity_id, count, good, open, total,
bucket counts) for the hours from ``%(starts)s`` to before ``%(ends)s``; an hour without anything
has no row.

``COHORT`` measures follow what came in during an hour until the last of it has ended, however late
that is; ``ENDED`` ones count what ended in an hour; ``NOW`` ones count what stands, and their past
cannot be read again.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, Final

from revops.delivery.decide import State
from revops.measures.bounds import BOUNDS


class Way(enum.Enum):
    COHORT = "cohort"
    ENDED = "ended"
    NOW = "now"


@dataclass(frozen=True, slots=True)
class Measure:
    """``statement`` yields the columns above; ``about`` is read on the page."""

    slug: str
    label: str
    about: str
    way: Way
    statement: str


_HOUR: Final = "date_trunc('hour', {}, 'UTC')"
_BUCKETS: Final = ", ".join(
    f"count(*) FILTER (WHERE place = {place})" for place in range(len(BOUNDS) + 1)
)
# Where a time is counted: the first bound that is not less, like ``bounds.bucket_of``.
_BOUNDS: Final = ", ".join(str(bound) for bound in BOUNDS)
_PLACE: Final = f"width_bucket(ceil(seconds)::bigint - 1, ARRAY[{_BOUNDS}]::bigint[])"


def _counted(rows: str) -> str:
    """``rows`` yield hour, entity_id, good, open, and seconds (null where there is no end yet)."""
    return f"""
    SELECT hour, entity_id AS legal_entity_id, count(*) AS count,
        count(*) FILTER (WHERE good) AS good, count(*) FILTER (WHERE open) AS open,
        coalesce(sum(ceil(seconds)) FILTER (WHERE good), 0)::bigint AS total,
        ARRAY[{_BUCKETS}]::bigint[] AS spread
    FROM (
        SELECT *, CASE WHEN good AND seconds IS NOT NULL
            THEN {_PLACE} END AS place
        FROM ({rows}) AS one
    ) AS placed GROUP BY 1, 2
    """  # noqa: S608  literals of ours


def _summed(rows: str) -> str:
    """``rows`` yield hour, entity_id and a number."""
    return f"""
    SELECT hour, entity_id AS legal_entity_id, sum(number)::bigint AS count,
        sum(number)::bigint AS good,
        0::bigint AS open, 0::bigint AS total, ARRAY[]::bigint[] AS spread
    FROM ({rows}) AS one GROUP BY 1, 2 HAVING sum(number) > 0
    """  # noqa: S608  literals of ours


_CAME: Final = "inbound.received_at >= %(starts)s AND inbound.received_at < %(ends)s"
_ENTITY: Final = """
    LEFT JOIN events_businessevent meaning ON meaning.inbound_id = inbound.id
        AND meaning.position = 0
    LEFT JOIN mappings_legalentity entity ON entity.code = meaning.legal_entity
"""
_POSTINGS: Final = """
    FROM events_inboundevent inbound
    JOIN events_businessevent meaning ON meaning.inbound_id = inbound.id
    JOIN ledger_journalentry entry ON entry.business_event_id = meaning.id
    JOIN delivery_outboundcommand command
        ON command.subject_kind = 'journal' AND command.subject_id = entry.id
"""
# Invoices by days since their issue; first and last day of a group.
AGES: Final = {"age_7": (0, 7), "age_30": (8, 30), "age_60": (31, 60), "age_90": (61, 90)}


def _completion(first: int, last: int) -> str:
    """``good`` are paid or settled, ``open`` in the books, ``total`` in the ERP."""
    return f"""
    SELECT %(ends)s - interval '1 hour' AS hour, legal_entity_id, count(*) AS count,
        count(*) FILTER (WHERE settled) AS good, count(*) FILTER (WHERE booked) AS open,
        count(*) FILTER (WHERE posted) AS total, ARRAY[]::bigint[] AS spread
    FROM (
        SELECT invoice.legal_entity_id,
            invoice.state <> 'void' AND invoice.applied + invoice.credited >= invoice.total
                AS settled,
            bool_or(entry.id IS NOT NULL) AS booked,
            bool_or(coalesce(command.state = '{State.POSTED.value}', false)) AS posted
        FROM canonical_invoice invoice
        LEFT JOIN ledger_journalentry entry ON entry.record_kind = 'invoice'
            AND entry.record_id = invoice.id AND entry.document_type = 'invoice'
        LEFT JOIN delivery_outboundcommand command
            ON command.subject_kind = 'journal' AND command.subject_id = entry.id
        WHERE invoice.state <> 'void'
            AND invoice.issued_on BETWEEN %(today)s::date - {last} AND %(today)s::date - {first}
        GROUP BY invoice.id
    ) AS one GROUP BY 2
    """  # noqa: S608  literals of ours


MEASURES: Final[dict[str, Measure]] = {
    one.slug: one
    for one in (
        Measure(
            "posting", "From event to ERP",
            "Postings by the hour in which their event came, until the ERP confirmed them.",
            Way.COHORT,
            _counted(f"""
            SELECT {_HOUR.format('inbound.received_at')} AS hour,
                command.legal_entity_id AS entity_id,
                command.state = '{State.POSTED.value}' AS good,
                command.state <> '{State.POSTED.value}' AS open,
                extract(epoch FROM command.finished_at - inbound.received_at) AS seconds
            {_POSTINGS} WHERE {_CAME} AND command.state <> '{State.CANCELLED.value}'
            """),  # noqa: S608  literals of ours
        ),
        Measure(
            "events", "Events",
            "Events by the hour in which they came; bad ones were put aside and wait for somebody.",
            Way.COHORT,
            _counted(f"""
            SELECT {_HOUR.format('inbound.received_at')} AS hour, entity.id AS entity_id,
                inbound.state IN ('processed', 'ignored') AS good,
                inbound.state IN ('received', 'parked') AS open,
                extract(epoch FROM inbound.processed_at - inbound.received_at) AS seconds
            FROM events_inboundevent inbound {_ENTITY} WHERE {_CAME}
            """),  # noqa: S608  literals of ours
        ),
        Measure(
            "repeats", "Repeated deliveries",
            "The same event came again, and was counted instead of booked.",
            Way.COHORT,
            _summed(f"""
            SELECT {_HOUR.format('inbound.received_at')} AS hour, entity.id AS entity_id,
                inbound.deliveries - 1 AS number
            FROM events_inboundevent inbound {_ENTITY} WHERE {_CAME} AND inbound.deliveries > 1
            """),  # noqa: S608  literals of ours
        ),
        Measure(
            "doubles", "Second postings prevented",
            "An answer was lost; the ERP was asked and held the entry, so it was not sent again.",
            Way.COHORT,
            _summed(f"""
            SELECT {_HOUR.format('inbound.received_at')} AS hour,
                command.legal_entity_id AS entity_id, 1 AS number
            {_POSTINGS} WHERE {_CAME} AND command.state = '{State.POSTED.value}'
                AND command.attempts > 0 AND command.fence > 1
                AND 'read' = (SELECT attempt.kind FROM delivery_attempt attempt
                    WHERE attempt.command_id = command.id ORDER BY attempt.number DESC LIMIT 1)
            """),  # noqa: S608  literals of ours
        ),
        Measure(
            "replays", "Given to the line again",
            "Events that people replayed, and cases that they sent again.",
            Way.ENDED,
            _summed(f"""
            SELECT {_HOUR.format('item.done_at')} AS hour, entity.id AS entity_id, 1 AS number
            FROM jobs_job job JOIN jobs_jobitem item ON item.job_id = job.id
            LEFT JOIN mappings_legalentity entity ON entity.code = item.entity
            WHERE job.kind = 'events.replay' AND item.state IN ('done', 'undone')
                AND job.started_at < %(ends)s
                AND (job.ended_at IS NULL OR job.ended_at >= %(starts)s)
                AND item.done_at >= %(starts)s AND item.done_at < %(ends)s
            UNION ALL
            SELECT {_HOUR.format('act.ts')}, entity.id, 1
            FROM audit_event act LEFT JOIN mappings_legalentity entity ON entity.code = act.entity
            WHERE act.ts >= %(starts)s AND act.ts < %(ends)s AND act.kind = 'case'
                AND act.action IN ('cases.retry', 'cases.replay')
            """),  # noqa: S608  literals of ours
        ),
        Measure(
            "cases", "Time to resolve",
            "Cases by the hour in which they were resolved, since they were opened.",
            Way.ENDED,
            _counted(f"""
            SELECT {_HOUR.format('resolved_at')} AS hour, legal_entity_id AS entity_id,
                true AS good, false AS open,
                extract(epoch FROM resolved_at - opened_at) AS seconds
            FROM exceptions_case WHERE state = 'resolved'
                AND resolved_at >= %(starts)s AND resolved_at < %(ends)s
            """),  # noqa: S608  literals of ours
        ),
        Measure(
            "approvals", "Approval delay",
            "Requests by the hour in which they were approved or rejected, since they were asked.",
            Way.ENDED,
            _counted(f"""
            SELECT {_HOUR.format('request.ended_at')} AS hour, entity.id AS entity_id,
                true AS good, false AS open,
                extract(epoch FROM request.ended_at - request.requested_at) AS seconds
            FROM approvals_approvalrequest request
            LEFT JOIN mappings_legalentity entity ON entity.code = request.entity
            WHERE request.state IN ('approved', 'rejected')
                AND request.ended_at >= %(starts)s AND request.ended_at < %(ends)s
            """),  # noqa: S608  literals of ours
        ),
        Measure(
            "ageing", "Open cases by age",
            "How long the cases that are open now have been open.",
            Way.NOW,
            _counted("""
            SELECT %(ends)s - interval '1 hour' AS hour, legal_entity_id AS entity_id,
                true AS good, false AS open,
                greatest(0, extract(epoch FROM %(at)s - opened_at)) AS seconds
            FROM exceptions_case WHERE NOT (state = 'resolved')
            """),
        ),
        *(
            Measure(
                slug, f"Invoices of {first} to {last} days",
                "How many of them are in the books, in the ERP, and settled.",
                Way.NOW, _completion(first, last),
            )
            for slug, (first, last) in AGES.items()
        ),
    )
}  # fmt: skip


def params(**given: Any) -> dict[str, Any]:
    """What the statements name, completed for one run."""
    return {"today": given["at"].date(), **given}
