"""Freezing what a job is about. A draft changes nothing but itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import authorize
from revops.audit.operations import nothing_to_record, recorded
from revops.jobs import kinds
from revops.jobs.kinds import Frozen
from revops.jobs.models import Job
from revops.kernel import clock
from revops.store.sql import Columns

MOST: Final = 50_000
"""Records of one job. Whoever has more splits them, by entity or period."""

_CHUNK: Final = 5_000
ITEMS: Final = Columns(
    "jobs_jobitem",
    job_id="bigint", position="int", subject_id="bigint", reference="text", label="text",
    entity="text", period_code="text", currency="text", amount="bigint", state="text",
    outcome="text",
)  # fmt: skip


@recorded
def draft(
    *,
    kind: str,
    ids: Iterable[int],
    by: User,
    title: str = "",
    scope_text: str = "",
    options: Mapping[str, Any] | None = None,
    rate: int | None = None,
) -> Job:
    """
    Freeze the records and return the draft. It sees what the session sees: called from a page, it
    holds nothing beyond the person's legal entities. Records after the first MOST are left out.

    Raises kinds.JobKindUnknown and NotAllowed.
    """
    chosen = kinds.get(kind)
    by = authorize(by, chosen.action)
    wanted = options or {}
    nothing_to_record("a draft changes nothing; starting it is the act")
    with transaction.atomic():
        job = Job.objects.create(
            kind=kind, title=(title or chosen.label)[:200], scope_text=scope_text[:500],
            options=dict(wanted), by=by, rate=rate or chosen.rate, created_at=clock.now(),
            entities=[],
        )  # fmt: skip
        entities: set[str] = set()
        ids = list(dict.fromkeys(ids))[:MOST]
        if chosen.freeze_set is not None and chosen.freeze_set(job.pk, ids, wanted):
            entities = set(job.items.order_by().values_list("entity", flat=True).distinct())
            ids = []
        first = 0
        for some in _portions(ids):
            frozen = chosen.freeze(some, wanted)
            write(job, frozen, first=first)
            entities |= {one.entity for one in frozen}
            first += len(frozen)
        job.entities = sorted(entities)
        job.save(update_fields=["entities"])
    return job


def write(job: Job, frozen: Sequence[Frozen], *, first: int) -> None:
    """Set-wise, in the caller's transaction; a record that is there already stays as it is."""
    ITEMS.insert(
        [
            (
                job.pk, first + place, one.id, _cut(one.reference, 60), _cut(one.label, 240),
                one.entity, one.period, one.amount.currency if one.amount else "",
                one.amount.minor if one.amount else None,
                "excluded" if one.excluded else "pending", one.excluded,
            )
            for place, one in enumerate(frozen)
        ],
        "ON CONFLICT (job_id, subject_id) DO NOTHING",
    )  # fmt: skip


def _portions(ids: Iterable[int]) -> Iterable[Sequence[int]]:
    unique = list(dict.fromkeys(ids))[:MOST]
    return (unique[start : start + _CHUNK] for start in range(0, len(unique), _CHUNK))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"
