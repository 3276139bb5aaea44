"""People's tasks: made from templates, prepared by one, reviewed by another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import nothing_to_record, record, recorded
from revops.close import workdays
from revops.close.models import Task, TaskMove, TaskTemplate
from revops.close.models.tasks import TaskState
from revops.close.queries.periods import Closing, closings
from revops.kernel import clock
from revops.mappings.models import AccountingPeriod, PeriodState

_LONGEST: Final = 1_000
# Who may bring a task to a state, and from which.
_MOVES: Final = {
    TaskState.PREPARED: ("close.prepare", {TaskState.OPEN}),
    TaskState.SIGNED: ("close.sign", {TaskState.PREPARED}),
    TaskState.NOT_NEEDED: ("close.sign", {TaskState.OPEN, TaskState.PREPARED}),
    TaskState.OPEN: ("close.sign", {TaskState.PREPARED, TaskState.SIGNED, TaskState.NOT_NEEDED}),
}


class TaskRefused(Exception):
    """It cannot be done to the task now; the message says why."""


def roll(closing: Closing) -> int:
    """
    Make the tasks of a close that are not there yet, each from the version of its template that is
    in use; how many. Nothing is made in a period that is closed.
    """
    if closing.closed:
        return 0
    used = TaskTemplate.objects.filter(
        Q(legal_entity=closing.entity_id) | Q(legal_entity__isnull=True), retired_at__isnull=True
    )
    held = Task.objects.filter(legal_entity=closing.entity_id, period_code=closing.code)
    known = set(held.values_list("template__slug", flat=True))
    made = Task.objects.bulk_create(
        [
            Task(
                legal_entity_id=closing.entity_id, period_code=closing.code, template=one,
                title=one.title, area=one.area, preparer_id=one.preparer_id,
                reviewer_id=one.reviewer_id, changed_at=clock.now(),
                due_on=workdays.after(closing.ends, one.due_day, closing.holidays),
            )
            for one in used.order_by("due_day", "pk") if one.slug not in known
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return len(made)


@recorded
@transaction.atomic
def begin(*, closing: Closing, by: User) -> int:
    """
    ``roll``, asked for by a person before the console does it by itself.

    Raises NotAllowed, OutOfScope.
    """
    by = authorize(by, "close.prepare", entities=[closing.entity])
    made = roll(closing)
    if not made:
        nothing_to_record("every task of it is there")
        return 0
    record(
        "close.tasks_made", by=actor_of(by), kind="close", entity=closing.entity,
        reference=f"{closing.entity} {closing.code}", label=closing.name, after={"tasks": made},
    )  # fmt: skip
    return made


@recorded
@transaction.atomic
def move(*, task_id: int, to: str, by: User, note: str = "") -> Task:
    """
    Prepare a task, sign it, send it back, or leave it out. What is left out or sent back needs a
    ``note``. Whoever prepared a task does not sign it.

    Raises NotAllowed, OutOfScope, TaskRefused, Task.DoesNotExist.
    """
    rows = Task.objects.select_related("legal_entity", "prepared_by")
    task = rows.select_for_update(of=("self",)).get(pk=task_id)
    if to not in _MOVES:
        raise TaskRefused("Say what was done to it.")
    action, before = _MOVES[TaskState(to)]
    makers = [task.prepared_by_id] if to != TaskState.OPEN and task.prepared_by_id else []
    code = task.legal_entity.code
    if action == "close.sign":
        by = authorize(by, "close.sign", entities=[code], makers=makers, fresh=True)
    else:
        by = authorize(by, "close.prepare", entities=[code])
    if _is_closed(task):
        raise TaskRefused(f"{task.period_code} is closed: its tasks stay as they are.")
    if task.state not in before:
        raise TaskRefused(f"It is “{task.get_state_display()}” already. Look at it again.")
    note = note.replace("\x00", "").strip()[:_LONGEST]
    if to in (TaskState.OPEN, TaskState.NOT_NEEDED) and not note:
        raise TaskRefused("Say why, so that the other person knows.")
    was, task.state, task.changed_at = task.state, to, clock.now()
    if to == TaskState.PREPARED:
        task.prepared_by, task.reviewed_by = by, None
    elif to == TaskState.OPEN:
        task.prepared_by = task.reviewed_by = None
    else:
        task.reviewed_by = by
    task.save(update_fields=["state", "changed_at", "prepared_by", "reviewed_by"])
    TaskMove.objects.create(task=task, to=to, by=by, at=task.changed_at, note=note)
    record(
        "close.task", by=actor_of(by), kind="close_task", reference=f"TASK-{task.pk}", entity=code,
        label=task.title, before={"state": str(was)}, after={"state": str(to)}, reason=note,
    )  # fmt: skip
    return task


def _is_closed(task: Task) -> bool:
    return AccountingPeriod.objects.filter(
        legal_entity=task.legal_entity_id, code=task.period_code, state=PeriodState.CLOSED
    ).exists()


def roll_due(codes: Sequence[str]) -> int:
    """The tasks of every close of these periods."""
    return sum([roll(one) for code in codes for one in closings(code)])
