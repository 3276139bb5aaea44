"""What a person does with a job: start, stop, try what failed again, take back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models.functions import Now

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import nothing_to_record, record, recorded
from revops.jobs import kinds
from revops.jobs.models import ItemState, Job, JobItem, JobState
from revops.kernel import clock

_SHORTEST: Final = 10
_LONGEST: Final = 500
_LIVE: Final = (JobState.WAITING, JobState.RUNNING, JobState.STOPPING)


class JobRefused(Exception):
    """It can't be done now; the message says why, for the person who asked."""


@recorded
def start(*, job_id: int, by: User, reason: str, at: datetime | None = None) -> Job:
    """
    Run the draft, now or ``at`` a moment. Pressing twice runs it once: the second press gets the
    job as it is by then.

    Raises NotAllowed, Job.DoesNotExist, and JobRefused without a reason, for somebody else's
    draft, or when nothing in it can be done.
    """
    with transaction.atomic():
        job = _locked(job_id)
        kind = kinds.get(job.kind)
        by = authorize(by, kind.action, fresh=True)
        if job.state != JobState.DRAFT:
            nothing_to_record("it was started already")
            return job
        if job.by_id != by.pk:
            raise JobRefused(f"{job.by.name} prepared this. Make your own, with what you see.")
        words = reason.replace("\x00", "").strip()[:_LONGEST]
        if len(words) < _SHORTEST:
            raise JobRefused("Say why, in a sentence: it is kept with every record.")
        pending = job.items.filter(state=ItemState.PENDING).count()
        if not pending:
            raise JobRefused("Nothing in it can be done. The reasons are listed.")
        job.reason, job.state, job.started_at = words, JobState.WAITING, clock.now()
        job.due_at = None if kind.hold else at or job.started_at
        job.save()
        if kind.hold:
            held = kind.hold(job, by)
            job.refresh_from_db(fields=["state", "due_at"])
            if held and job.due_at is None:
                job.note = held
            elif job.due_at is None:
                job.due_at = at or job.started_at
            job.save(update_fields=["due_at", "note"])
        _record("start", kind, job, by, reason=words, records=pending)
    return job


@recorded
def stop(*, job_id: int, by: User) -> Job:
    """
    Do no more of it. What is under way at this moment is finished; what is done stays done.

    Raises NotAllowed, Job.DoesNotExist.
    """
    with transaction.atomic():
        job = _locked(job_id)
        kind = kinds.get(job.kind)
        by = authorize(by, kind.action, fresh=True)
        if job.state not in _LIVE:
            nothing_to_record("it does not run any more")
            return job
        if job.due_at is None or job.state == JobState.WAITING:
            job.state, job.ended_at = JobState.STOPPED, clock.now()
        else:
            job.state, job.due_at = JobState.STOPPING, clock.now()
        job.note = f"Stopped by {by.name}."
        job.save()
        _record("stop", kind, job, by)
    return job


@recorded
def retry_failed(*, job_id: int, by: User) -> Job:
    """
    Put what failed, and what a stop left over, back in the row.

    Raises NotAllowed, Job.DoesNotExist, and JobRefused while it runs or when there is nothing.
    """
    with transaction.atomic():
        job = _locked(job_id)
        kind = kinds.get(job.kind)
        by = authorize(by, kind.action, fresh=True)
        if job.state not in (JobState.DONE, JobState.STOPPED):
            raise JobRefused("It has not ended yet.")
        again = job.items.filter(state=ItemState.FAILED).update(
            state=ItemState.PENDING, outcome="", done_at=None
        )
        left = job.items.filter(state=ItemState.PENDING).count()
        if not left:
            raise JobRefused("Nothing in it failed.")
        job.state, job.due_at, job.ended_at = JobState.RUNNING, clock.now(), None
        job.tries, job.note = 0, ""
        job.save()
        _record("retry", kind, job, by, records=left, failed=again)
    return job


@recorded
def undo(*, job_id: int, by: User) -> Job:
    """
    Take back what the job did: a job of its own, which runs at once. The same one for each press.

    Raises NotAllowed, Job.DoesNotExist, and JobRefused while it runs, or when its kind cannot be
    undone or nothing was done.
    """
    with transaction.atomic():
        job = _locked(job_id)
        kind = kinds.get(job.kind)
        by = authorize(by, kind.action, fresh=True)
        before = Job.objects.filter(undoes=job).first()
        if before is not None:
            nothing_to_record("it is being undone already")
            return before
        if kind.undo is None or job.undoes_id is not None:
            raise JobRefused("This cannot be undone.")
        if job.state not in (JobState.DONE, JobState.STOPPED):
            raise JobRefused("Stop it first.")
        done = list(job.items.filter(state=ItemState.DONE).order_by("position"))
        if not done:
            raise JobRefused("Nothing was done.")
        now = clock.now()
        back = Job.objects.create(
            kind=job.kind, title=f"Undo {job}: {job.title}"[:200], scope_text=job.scope_text,
            options=job.options, by=by, reason=f"Undo {job}.", state=JobState.WAITING,
            entities=job.entities, rate=job.rate, undoes=job, created_at=now, started_at=now,
            due_at=now,
        )  # fmt: skip
        for item in done:
            item.pk, item.job, item.state = None, back, ItemState.PENDING
            item.outcome, item.done_at = "", None
        JobItem.objects.bulk_create(done, batch_size=5_000)
        _record("undo", kind, back, by, records=len(done), undoes=str(job))
    return back


def release(*, job_id: int) -> bool:
    """What held it has been agreed to: it runs. False when it does not wait any more."""
    found = Job.objects.filter(pk=job_id, state=JobState.WAITING, due_at__isnull=True).update(
        due_at=Now(), note=""
    )
    return bool(found)


def drop(*, job_id: int, why: str) -> None:
    """What held it was refused: it ends without having run."""
    Job.objects.filter(pk=job_id, state=JobState.WAITING, due_at__isnull=True).update(
        state=JobState.STOPPED, ended_at=Now(), note=why
    )


def _locked(job_id: int) -> Job:
    return Job.objects.select_for_update(of=("self",)).select_related("by").get(pk=job_id)


def _record(
    what: str, kind: kinds.JobKind, job: Job, by: User, *, reason: str = "", **after: object
) -> None:
    record(
        f"jobs.{what}", by=actor_of(by), kind="job", reference=str(job), label=job.title,
        entity=job.entities[0] if len(job.entities) == 1 else "", reason=reason,
        after={
            "does": kind.label, "chosen": job.scope_text, "options": _in_words(job.options),
        } | after,
    )  # fmt: skip


def _in_words(options: Mapping[str, Any]) -> str:
    """“remedy replay; causes ab12, cd34”: what was chosen, for the audit trail."""
    said = {
        name: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in options.items()
        if value not in (None, "", [], {})
    }
    return "; ".join(f"{name} {value}" for name, value in said.items())
