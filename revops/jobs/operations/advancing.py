"""
The next slice of whatever job is due. Any number of workers may call it at once.

A claim counts up ``tries`` and puts the job out of reach for a while; the slice then does its
items and marks them in one transaction, which only the latest claim may commit. A worker that is
killed leaves nothing but a claim that runs out. A job that killed its worker some times goes on
one by one, and what does it again is put aside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from accounts.authority import covers
from accounts.models import User
from accounts.queries import NotAllowed, actor_of, authorize, scope_of
from revops.jobs import kinds
from revops.jobs.kinds import JobKind, JobKindUnknown, Outcome
from revops.jobs.models import ItemState, Job, JobItem, JobState
from revops.kernel import clock
from revops.kernel.actor import as_actor
from revops.store import sql

log = structlog.get_logger(__name__)

_LEASE: Final = timedelta(seconds=60)
_SPAN: Final = 10
"""Seconds of its rate that one slice may use, so that a slow rate does not come in bursts."""
_ONE_BY_ONE_AFTER: Final = 2
_PUT_ASIDE_AFTER: Final = 4

_CLAIM: Final = """
UPDATE jobs_job SET tries = tries + 1, due_at = %(until)s,
    state = CASE state WHEN 'waiting' THEN 'running' ELSE state END
WHERE id = (
    SELECT id FROM jobs_job
    WHERE state IN ('waiting', 'running', 'stopping') AND due_at <= %(now)s
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, tries
"""

_MARK: Final = """
UPDATE jobs_jobitem AS item
SET state = said.state, outcome = said.outcome, before = said.before::jsonb, done_at = %s
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[])
    AS said (id, state, outcome, before)
WHERE item.id = said.id
"""


def advance(now: datetime | None = None) -> bool:
    """Do one slice of one job. False when none is due."""
    at = now or clock.now()
    claim = sql.one(_CLAIM, {"now": at, "until": at + _LEASE})
    if claim is None:
        return False
    with transaction.atomic():
        job = Job.objects.select_for_update(of=("self",)).select_related("by").get(pk=claim.id)
        if job.tries == claim.tries and job.state in (JobState.RUNNING, JobState.STOPPING):
            with as_actor(actor_of(job.by)):
                _slice(job, at)
    return True


def _slice(job: Job, at: datetime) -> None:
    if job.state == JobState.STOPPING:
        _end(job, at, JobState.STOPPED, job.note)
        return
    try:
        kind = kinds.get(job.kind)
        by = authorize(job.by, kind.action, fresh=True)
    except (JobKindUnknown, NotAllowed) as error:
        _end(job, at, JobState.STOPPED, f"Stopped: {error}")
        return
    rate = _rate(job, kind)
    pending = job.items.filter(state=ItemState.PENDING).order_by("position")
    items = list(pending[: _size(job, kind, rate)])
    if not items:
        _end(job, at, JobState.DONE, job.note)
        return
    _mark(items, _outcomes(job, kind, items, by), at)
    job.tries = 0
    job.due_at = at + timedelta(seconds=60 * len(items) / rate)
    if job.undoes_id is not None:
        _mark_undone(job, items)
    if not job.items.filter(state=ItemState.PENDING).exists():
        _end(job, at, JobState.DONE, job.note)
        return
    job.save(update_fields=["tries", "due_at"])


def _rate(job: Job, kind: JobKind) -> int:
    """Items a minute: as was asked for, and no more than others can bear now."""
    most = kind.pace(job) if kind.pace else None
    return job.rate if most is None else max(1, min(job.rate, most))


def _size(job: Job, kind: JobKind, rate: int) -> int:
    if job.tries > _ONE_BY_ONE_AFTER:
        return 1
    return max(1, min(kind.batch, rate * _SPAN // 60))


def _outcomes(job: Job, kind: JobKind, items: Sequence[JobItem], by: User) -> Mapping[int, Outcome]:
    """By the id of the subject. Nothing is done in legal entities that the person lost."""
    if job.tries > _PUT_ASIDE_AFTER:
        return {items[0].subject_id: Outcome("failed", "It ended its worker, and was put aside.")}
    scope = scope_of(by, kind.action)
    mine = [item for item in items if covers(scope, [item.entity])]
    found = {
        item.subject_id: Outcome("failed", f"{by.name} has no rights in {item.entity} any more.")
        for item in items
        if not covers(scope, [item.entity])
    }
    return found | dict(_run(job, kind, mine, by)) if mine else found


def _run(job: Job, kind: JobKind, items: Sequence[JobItem], by: User) -> Mapping[int, Outcome]:
    try:
        with transaction.atomic():
            if job.undoes_id is not None:
                assert kind.undo is not None  # ``operations.undo`` refuses the others
                return kind.undo(items, by, job)
            return kind.run([item.subject_id for item in items], by, job)
    except Exception as error:
        if len(items) == 1:
            # Whatever one record's act raises: the others go on, and the log has its trace.
            log.exception("jobs.item_failed", job=str(job), item=items[0].reference)
            said = f"It could not be done ({type(error).__name__})."
            return {items[0].subject_id: Outcome("failed", said)}
    found: dict[int, Outcome] = {}
    for item in items:
        found |= _run(job, kind, [item], by)
    return found


def _mark(items: Sequence[JobItem], outcomes: Mapping[int, Outcome], at: datetime) -> None:
    unknown = Outcome("failed", "Nothing is known of what became of it.")
    ids, states, sentences, befores = [], [], [], []
    for item in items:
        outcome = outcomes.get(item.subject_id, unknown)
        ids.append(item.pk)
        states.append(outcome.state)
        sentences.append(outcome.sentence)
        befores.append(None if outcome.before is None else json.dumps(outcome.before, default=str))
    sql.run(_MARK, (at, ids, states, sentences, befores))


def _mark_undone(job: Job, items: Sequence[JobItem]) -> None:
    """What was taken back is not done any more in the job that did it."""
    back = job.items.filter(pk__in=[item.pk for item in items], state=ItemState.DONE)
    JobItem.objects.filter(
        job=job.undoes_id, subject_id__in=back.values("subject_id"), state=ItemState.DONE
    ).update(state=ItemState.UNDONE, outcome=f"Taken back by {job}.")


def _end(job: Job, at: datetime, state: JobState, note: str) -> None:
    job.state, job.ended_at, job.due_at, job.tries, job.note = state, at, None, 0, note
    job.save(update_fields=["state", "ended_at", "due_at", "tries", "note"])
