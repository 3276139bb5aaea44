"""Fixes that were put into force: what they cleared, what the ERP confirmed, what came back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.urls import reverse

from exceptions.fixes import Earlier
from exceptions.queries.totals import Sum
from revops.jobs.models import Job
from revops.jobs.queries import LIVE
from revops.kernel.money import Money
from revops.mappings.models import ChangeSet
from revops.pipeline import again
from revops.store import sql

_SHOWN: Final = 5

# A case is confirmed when it has a posting and each of its postings is in its ERP.
_BECAME: Final = """
SELECT item.job_id, item.currency, count(*) AS cases,
    count(*) FILTER (WHERE held.state = 'resolved') AS cleared,
    coalesce(sum(item.amount) FILTER (WHERE held.state = 'resolved'), 0)::bigint AS amount,
    count(*) FILTER (WHERE held.state = 'resolved' AND posting.confirmed) AS confirmed
FROM jobs_jobitem item
JOIN exceptions_case held ON held.id = item.subject_id
LEFT JOIN LATERAL (
    SELECT bool_and(command.state = 'posted') AS confirmed
    FROM events_businessevent told
    JOIN ledger_journalentry entry ON entry.business_event_id = told.id
    JOIN delivery_outboundcommand command
        ON command.subject_kind = 'journal' AND command.subject_id = entry.id
    WHERE told.inbound_id = held.inbound_id
) AS posting ON true
WHERE item.job_id = ANY(%s) AND NOT (item.state = 'excluded') GROUP BY 1, 2
"""

_BACK: Final = """
SELECT job.id, count(held.id) AS cases
FROM unnest(%s::bigint[], %s::timestamptz[]) AS job (id, ended)
JOIN jobs_job known ON known.id = job.id
JOIN exceptions_case held ON held.opened_at > job.ended
    AND held.cause_key IN (SELECT jsonb_array_elements_text(known.options -> 'causes'))
GROUP BY 1
"""


@dataclass(slots=True)
class _Became:
    cases: int = 0
    cleared: int = 0
    confirmed: int = 0
    sum: Sum = field(default_factory=Sum)


def earlier(cause_key: str, *, kind: str) -> list[Earlier]:
    """This cause's own first, then those of the same ``kind`` of map. Five queries."""
    every = Job.objects.filter(kind=again.SLUG, undoes=None).exclude(state="draft")
    every = every.select_related("by").order_by("-pk")
    own = list(every.filter(options__causes__contains=[cause_key])[:_SHOWN])
    kind = kind or (str(own[0].options.get("map", "")) if own else "")
    like = list(every.filter(options__map=kind)[:_SHOWN]) if kind else []
    jobs = [*own, *(one for one in like if one not in own)][:_SHOWN]
    return _described(jobs, cause_key) if jobs else []


def _described(jobs: Sequence[Job], cause_key: str) -> list[Earlier]:
    became: dict[int, _Became] = {job.pk: _Became() for job in jobs}
    for row in sql.rows(_BECAME, ([job.pk for job in jobs],)):
        held = became[row.job_id]
        held.cases += row.cases
        held.cleared += row.cleared
        held.confirmed += row.confirmed
        if row.cleared:
            held.sum.add(row.cleared, row.currency, row.amount)
    ended = [(job.pk, job.ended_at) for job in jobs if job.ended_at]
    back: dict[int, int] = {}
    if ended:
        columns = tuple(list(column) for column in zip(*ended, strict=True))
        back = {row.id: row.cases for row in sql.rows(_BACK, columns)}
    sets = ChangeSet.objects.in_bulk([int(job.options.get("set", 0)) for job in jobs])
    found = []
    for job in jobs:
        held, made = became[job.pk], sets.get(int(job.options.get("set", 0)))
        preview = made.preview if made else {}
        found.append(
            Earlier(
                at=job.started_at or job.created_at,
                what=str(job.options.get("what", job.title)),
                by=job.by.name,
                here=cause_key in job.options.get("causes", ()),
                address=reverse("mappings:set", args=[made.pk]) if made else "",
                job=str(job),
                job_address=reverse("jobs:job", args=[job.pk]),
                running=job.state in LIVE,
                previewed=int(preview.get("clears", 0)),
                previewed_money=[Money(minor, code) for code, minor in preview.get("money", ())],
                cases=held.cases,
                cleared=held.cleared,
                confirmed=held.confirmed,
                money=held.sum.amounts,
                back=back.get(job.pk, 0),
            )
        )  # fmt: skip
    return found
