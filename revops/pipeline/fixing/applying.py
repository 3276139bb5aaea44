"""A fix becomes a change of the maps: agreed to by somebody else, or let through by a policy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import authorize
from approvals.operations import ApprovalRefused
from approvals.subjects import CannotApply
from exceptions.fixes import Done, FixRefused
from revops.audit.operations import nothing_to_record, recorded
from revops.jobs.models import Job
from revops.jobs.queries import LIVE
from revops.mappings.models import ChangeSet, SetState
from revops.mappings.operations import sets
from revops.pipeline import again
from revops.pipeline.changes import asking
from revops.pipeline.fixing.lacking import Lack, change_of, lack_of
from revops.store import sql

# A set that waits can't be edited; one that was sent back is, by who made it.
_ASKED: Final = (SetState.WAITING, SetState.SENT_BACK)


def set_that_waits(lack: Lack) -> ChangeSet | None:
    """The change set that gives what is lacking, when somebody asked for one already."""
    asked = ChangeSet.objects.filter(
        kind=lack.kind.slug, state__in=_ASKED,
        rows__entity=lack.gap.entity, rows__key=lack.gap.key, rows__op="set",
    )  # fmt: skip
    return asked.order_by("-pk").first()


def job_under_way(cause_key: str) -> Job | None:
    """The replay of this cause that has not ended."""
    found = Job.objects.filter(kind=again.SLUG, state__in=LIVE)
    return found.filter(options__causes__contains=[cause_key]).order_by("-pk").first()


@recorded
def apply(*, cause_key: str, typed: Mapping[str, str], reason: str, by: User, at: datetime) -> Done:
    """
    Ask for the change, with what was previewed frozen into what is decided. Where the policy asks
    nobody it is in force at once. The replay of what waited follows by itself either way.

    Raises NotAllowed and FixRefused. Pressed twice, the second press finds the first one.
    """
    by = authorize(by, "mappings.propose")
    by = authorize(by, "cases.retry")
    try:
        with transaction.atomic():
            sql.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 12))", (cause_key,))
            running = job_under_way(cause_key)
            if running is not None:
                nothing_to_record("its replay runs already")
                return Done(f"{running} is at it already.", _job(running))
            lack = lack_of(cause_key, at=at)
            if lack is None:
                raise FixRefused("Nothing of this cause is open any more.")
            waits = set_that_waits(lack)
            if waits is not None:
                nothing_to_record("it is asked for already")
                return Done(f"{waits} asks for it already.", _cause(cause_key))
            change, problems = change_of(lack, typed)
            if problems:
                raise FixRefused(next(iter(problems.values())))
            source = f"the cause “{_cut(lack)}”"
            held = sets.put(kind=lack.kind, changes=[change], by=by, source=source)
            asked = asking.send(set_id=held.pk, by=by, reason=reason)
            running = job_under_way(cause_key)
    except sets.SetRefused as refused:
        raise FixRefused(_told(refused)) from refused
    except (ApprovalRefused, CannotApply) as refused:
        raise FixRefused(str(refused)) from refused
    if running is not None:
        return Done(f"The mapping is in force. {running} takes what waited.", _job(running))
    return Done(f"{asked} asks for it. The retry runs when it is approved.", _cause(cause_key))


def _told(refused: sets.SetRefused) -> str:
    if refused.checked is None:
        return str(refused)
    return next((text for one in refused.checked.problems for text in one.values()), str(refused))


def _cut(lack: Lack) -> str:
    return f"{lack.kind.noun} {lack.gap.key}"[:120]


def _job(job: Job) -> str:
    return reverse("jobs:job", args=[job.pk])


def _cause(cause_key: str) -> str:
    return reverse("exceptions:cause", args=[cause_key])
