"""Tasks, waivers and names of a close, each in one statement for all its legal entities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from revops.close.models import PeriodSignOff, Task, Waiver
from revops.close.models.signing import SignRole
from revops.close.models.tasks import TaskState
from revops.close.queries.periods import Closing
from revops.close.testing import Waived

DONE = (TaskState.SIGNED, TaskState.NOT_NEEDED)


@dataclass(slots=True)
class Tasks:
    """People's tasks of a close, by due day."""

    rows: list[Task] = field(default_factory=list)

    @property
    def done(self) -> int:
        return sum(one.state in DONE for one in self.rows)

    @property
    def prepared(self) -> int:
        return sum(one.state == TaskState.PREPARED for one in self.rows)

    @property
    def left(self) -> list[Task]:
        return [one for one in self.rows if one.state not in DONE]

    @property
    def open(self) -> int:
        return len(self.rows) - self.done

    @property
    def not_prepared(self) -> int:
        return sum(one.state == TaskState.OPEN for one in self.rows)

    @property
    def next_due(self) -> date | None:
        return min((one.due_on for one in self.rows if one.state not in DONE), default=None)


def tasks(closings: Sequence[Closing]) -> Mapping[int, Tasks]:
    """By legal entity's id."""
    made = {one.entity_id: Tasks() for one in closings}
    rows = Task.objects.filter(
        legal_entity__in=list(made), period_code=closings[0].code if closings else ""
    ).select_related("preparer", "reviewer", "prepared_by", "reviewed_by")
    for one in rows.order_by("due_on", "pk"):
        made[one.legal_entity_id].rows.append(one)
    return made


def waivers(closings: Sequence[Closing]) -> Mapping[tuple[int, str], Waived]:
    """The newest of each test, by (legal entity's id, test)."""
    rows = Waiver.objects.filter(
        legal_entity__in=[one.entity_id for one in closings],
        period_code=closings[0].code if closings else "",
    )
    return {
        (one.legal_entity_id, one.test): Waived(one.open, one.money, one.reason, one.approval)
        for one in rows.order_by("pk")
    }


@dataclass(slots=True)
class Names:
    """The names under a close that stand, and all that ever were, the newest first."""

    every: list[PeriodSignOff] = field(default_factory=list)
    closing: Closing | None = None

    @property
    def preparer(self) -> PeriodSignOff | None:
        return self._of(SignRole.PREPARER)

    @property
    def reviewer(self) -> PeriodSignOff | None:
        return self._of(SignRole.REVIEWER)

    @property
    def suspended(self) -> PeriodSignOff | None:
        """The newest, when it does not stand any more."""
        if self.preparer or not self.every:
            return None
        return self.every[0]

    def _of(self, role: str) -> PeriodSignOff | None:
        """
        A name of a period that was opened again does not count, whether somebody has noted it
        already or not.
        """
        if self.closing is None or self.closing.open:
            return None
        if role == SignRole.REVIEWER and not self.closing.closed:
            return None
        return next(
            (one for one in self.every if one.role == role and one.suspended_at is None), None
        )


def names(closings: Sequence[Closing]) -> Mapping[int, Names]:
    """By legal entity's id."""
    made = {one.entity_id: Names(closing=one) for one in closings}
    rows = PeriodSignOff.objects.filter(
        legal_entity__in=list(made), period_code=closings[0].code if closings else ""
    )
    for one in rows.select_related("by").order_by("-pk"):
        made[one.legal_entity_id].every.append(one)
    return made
