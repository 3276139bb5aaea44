"""Posting into a later period, as something that a manager agrees to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db.models import Sum

from approvals.models import ApprovalRequest
from approvals.subjects import Consequences, Content, Flag, Line, Row
from approvals.waiting import WaitingJob, page_of
from revops.jobs.models import ItemState, Job
from revops.kernel.money import Money
from revops.mappings.models import AccountingPeriod

SLUG: Final = "late_posting"
ACTION: Final = "journals.correct"


class LatePosting(WaitingJob):
    """Documents of a closed period are booked in the next open one, with their own days kept."""

    slug = SLUG
    label = "Posting into a later period"
    request_action = ACTION
    decide_action = "journals.correct.approve"
    fallback = ("manager",)

    def title(self, content: Content) -> str:
        count = content["cases"]
        does = "Accrue, and post later," if content.get("accrued") else "Post"
        later = "" if content.get("accrued") else " later"
        return f"{does} {count:,} case{'' if count == 1 else 's'} of a closed period{later}"

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Cases", f"{content['cases']:,}", link=page_of(content["job"])),
            *(
                Row(entity, f"dated {day}", sub=f"in place of {content['closed'].get(entity, '')}")
                for entity, day in content["dated"].items()
            ),
            *(Row("At stake", Money(minor, currency)) for minor, currency in content["money"]),
            Row("Chosen", str(content["scope"])),
            Row("Why", str(content["reason"])),
        ]

    def consequences(self, content: Content) -> Consequences:
        books = content["books"]
        one = books[0] if len(books) == 1 else None
        stays = "The closed period stays as it was reported."
        if content.get("accrued"):
            stays = "The earlier period gets what each earns there, taken back on the later day."
            one = min(books, key=lambda held: held["period"]) if books else None
        return Consequences(
            sentences=[
                stays,
                "Each journal is dated in the later period and keeps its document’s own day.",
            ],
            lines=[Line.of(account, name, amount, one["currency"])
                   for account, name, amount in one["lines"]] if one else [],
            entity=content["entities"][0] if len(content["entities"]) == 1 else "",
            currency=one["currency"] if one else "",
            period=one["period"] if one else "",
        )  # fmt: skip

    def flags(self, request: ApprovalRequest, content: Content) -> Sequence[Flag]:
        shut = [
            f"{entity} on {day}"
            for entity, day in content["dated"].items()
            if AccountingPeriod.objects.filter(
                legal_entity__code=entity, starts__lte=day, ends__gte=day
            ).exclude(state="open")
        ]
        if shut:
            return [Flag("warn", "The later period is closed by now", ", ".join(shut))]
        return [Flag("ok", "The later period takes postings")]


def money_of(job: Job) -> list[Money]:
    """What the cases of a job have at stake, by currency."""
    chosen = job.items.filter(state=ItemState.PENDING).exclude(amount=None)
    sums = chosen.values("currency").annotate(total=Sum("amount")).order_by("currency")
    return [Money(row["total"], row["currency"]) for row in sums]
