"""Many events, or dear ones, through the line again: a job that waits for somebody else's yes."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from accounts.models import User
from approvals.models import ApprovalRequest, Verdict
from approvals.subjects import CannotApply, Consequences, Content, Lift, Row, Subject
from revops.jobs import operations as jobs
from revops.pipeline.replay.kind import APPROVAL


class EventReplay(Subject):
    """More events, or more money, than one person replays alone."""

    slug = APPROVAL
    label = "Replay of events"
    request_action = "cases.replay"
    decide_action = "cases.replay.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        return f"Replay {content['events']:,} events"

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Events", f"{content['events']:,}", link=_job(content)),
            Row("At stake", ", ".join(content.get("money", ())) or "not known"),
            Row("Beyond one person", str(content.get("limit", "")) or "more events than one does"),
            Row("Chosen", str(content["chosen"]) or "one by one"),
            Row("Legal entities", ", ".join(content["entities"]) or "none known yet"),
            Row("Order", str(content["order"])),
            Row("Rate", f"{content['rate']:,} a minute"),
            Row("Why", str(content["reason"])),
        ]

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

    def apply(self, request: ApprovalRequest, content: Content, *, by: User | None) -> str:
        if not jobs.release(job_id=content["job"]):
            raise CannotApply("The job was stopped meanwhile.")
        return f"BLK-{content['job']} runs."

    def refused(self, request: ApprovalRequest, content: Content, verdict: Verdict | str) -> None:
        jobs.drop(job_id=content["job"], why=f"{request} was not agreed to.")

    def link(self, request: ApprovalRequest) -> str:
        return reverse("jobs:job", args=[int(request.subject_id)])


def _job(content: Content) -> str:
    return reverse("jobs:job", args=[content["job"]])
