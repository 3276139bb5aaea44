"""
Bulk work that waits for somebody else's yes: the request is about a job, which begins when it is
agreed to and is dropped when it is not. ``content`` has the job's number as ``job``.
"""

from __future__ import annotations

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import CannotApply, Consequences, Content, Lift, Subject
from revops.jobs import operations as jobs


class WaitingJob(Subject):
    """``subject_id`` is the job's number."""

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        if not jobs.release(job_id=content["job"]):
            raise CannotApply("The job was stopped meanwhile.")
        return f"BLK-{content['job']} runs."

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        jobs.drop(job_id=content["job"], why=f"{request} was not agreed to.")

    def link(self, request: ApprovalRequest) -> str:
        return page_of(int(request.subject_id))


class WaitingReplay(WaitingJob):
    """Of events that go through the line again; decided as what has no price is."""

    request_action = "cases.replay"
    decide_action = "cases.replay.approve"
    fallback = ("manager",)

    def consequences(self, content: Content) -> Consequences:
        return Consequences(
            sentences=[
                "Each event goes through all steps of the line again.",
                "What is in the books already is not booked again; what could not be booked is.",
            ],
            entity=content["entities"][0] if len(content["entities"]) == 1 else "",
        )

    def lift(self, content: Content) -> Lift:
        return Lift(unpriced=True)


def page_of(job: int) -> str:
    """Where the job is looked at."""
    return reverse("jobs:job", args=[job])
