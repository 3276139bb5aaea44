"""
Many events through the line again, from their cases: somebody else agrees, and nobody who made the
map that lets them through.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, QuerySet, Sum

from accounts.models import User
from approvals import operations as approvals
from approvals.subjects import Content, Row
from approvals.waiting import WaitingReplay, page_of
from exceptions import kinds
from exceptions.models import Case
from revops.audit.operations import nothing_to_record, recorded
from revops.jobs.models import ItemState, Job
from revops.jobs.operations import JobRefused
from revops.kernel.money import Money, minor_digits
from revops.mappings.models import ChangeRow, SetState
from revops.store import rows
from revops.web.formats import money_text

SLUG: Final = "cases_replay"
REMEDY: Final = "replay"
# More at once, by number or by money, is somebody else's decision, too (reliability.md 6.1).
ALONE: Final = 25
WORTH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Many:
    """What would be replayed: how many, and what is at stake by currency."""

    cases: int
    money: Sequence[Money]

    @property
    def needs_two(self) -> bool:
        worth = any(abs(one.minor) > WORTH * 10 ** minor_digits(one.currency) for one in self.money)
        return self.cases > ALONE or (worth and self.cases > 1)


def many(cases: QuerySet[Case], *, remedy: str = "") -> Many:
    """Those of the cases that are replayed by this remedy (blank: by the first that they take)."""
    if remedy not in ("", REMEDY):
        return Many(0, ())
    able = [one.slug for one in kinds.all() if REMEDY in one.remedies]
    found = cases.filter(kind__in=able, inbound__isnull=False)
    if not remedy:
        found = found.filter(command__isnull=True)
    sums = list(
        found.order_by().values_list("currency").annotate(count=Count("pk"), sum=Sum("at_stake"))
    )
    money = [Money(int(total), currency) for currency, _, total in sums if currency and total]
    return Many(sum(count for _, count, _ in sums), money)


@recorded
def hold(job: Job, by: User) -> str:
    """Ask for a job that replays many; blank when one person may do it alone."""
    waiting = job.items.filter(state=ItemState.PENDING).values("subject_id")
    cases = Case.objects.filter(pk__in=waiting)
    found = many(cases, remedy=str(job.options.get("remedy", "")))
    if not found.needs_two:
        nothing_to_record("one person may do it alone")
        return ""
    entities = [one for one in job.entities if one]
    try:
        asked = approvals.ask(
            subject=SLUG, subject_id=job.pk, by=by, note=job.reason,
            entity=entities[0] if len(job.entities) == len(entities) == 1 else "",
            amount=found.money[0] if len(found.money) == 1 else None,
            content={
                "job": job.pk, "cases": found.cases, "entities": entities,
                "money": [money_text(one) for one in found.money], "chosen": job.scope_text,
                "makers": {str(id): name for id, name in _makers(cases).items()},
                "reason": job.reason,
            },
        )  # fmt: skip
    except approvals.ApprovalRefused as refusal:
        raise JobRefused(str(refusal)) from refusal
    return f"Waits for somebody else’s yes: {asked}."


def _makers(cases: QuerySet[Case]) -> dict[int, str]:
    """Who made the rows of maps that these cases lacked: by id, with the change set."""
    lacked = {
        str(value)
        for facts in cases.filter(kind="mapping_missing").values_list("facts", flat=True)
        for _, value in facts[:1]
    }
    if not lacked:
        return {}
    # Whoever asks may see fewer entities than the map has: its makers are barred all the same.
    with rows.within(None):
        made = ChangeRow.objects.filter(change_set__state=SetState.APPLIED, key__in=lacked)
        held = list(made.select_related("change_set"))
    return {one.change_set.made_by_id: str(one.change_set) for one in held}


class CasesReplay(WaitingReplay):
    """More cases than one person replays alone."""

    slug = SLUG
    label = "Replay of cases"

    def title(self, content: Content) -> str:
        return f"Replay the events of {content['cases']:,} cases"

    def describe(self, content: Content) -> Sequence[Row]:
        return [
            Row("Cases", f"{content['cases']:,}", link=page_of(content["job"])),
            Row("At stake", ", ".join(content["money"]) or "not known"),
            Row("Legal entities", ", ".join(content["entities"]) or "none known yet"),
            Row("Chosen", str(content["chosen"])),
            Row("Why", str(content["reason"])),
        ]

    def makers(self, content: Content) -> Mapping[int, str]:
        return {int(id): f"made {name}, which lets them through" for id, name in
                content["makers"].items()}  # fmt: skip
