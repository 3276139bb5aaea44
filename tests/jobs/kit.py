"""A kind of job for the tests: it remembers what it did, and refuses what it is told to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from accounts.models import User
from revops.jobs import kinds
from revops.jobs.kinds import Frozen, JobKind, Outcome
from revops.jobs.models import Job, JobItem
from revops.kernel.money import Money


class Act:
    """Records whose id ends in 7 are left out; what is in ``refuses`` fails, ``breaks`` raises."""

    def __init__(self) -> None:
        self.ran: list[int] = []
        self.slices: list[int] = []
        self.undone: list[int] = []
        self.refuses: set[int] = set()
        self.breaks: set[int] = set()

    def freeze(self, ids: Sequence[int], options: Mapping[str, Any]) -> Sequence[Frozen]:
        return [
            Frozen(
                id, f"T-{id}", f"Thing {id}", entity="US-INC", period="2026-10",
                amount=Money(100, "USD"), excluded="It ends in a seven." if id % 10 == 7 else "",
            )
            for id in ids
        ]  # fmt: skip

    def run(self, ids: Sequence[int], by: User, job: Job) -> Mapping[int, Outcome]:
        if self.breaks & set(ids):
            raise RuntimeError("broken")
        self.slices.append(len(ids))
        self.ran.extend(ids)
        return {
            id: Outcome("failed", "It says no.")
            if id in self.refuses
            else Outcome("done", "It is done.", before={"was": id})
            for id in ids
        }

    def undo(self, items: Sequence[JobItem], by: User, job: Job) -> Mapping[int, Outcome]:
        self.undone.extend(item.before["was"] for item in items if item.before)
        return {item.subject_id: Outcome("done", "It is as it was.") for item in items}


@contextmanager
def declared(act: Act, **values: Any) -> Iterator[JobKind]:
    """The kind ``t_act``, of people who may retry cases."""
    before = dict(kinds._kinds)
    made = JobKind(
        "t_act", "Act", "cases.retry", freeze=act.freeze, run=act.run, undo=act.undo, **values
    )
    kinds.declare(made)
    try:
        yield made
    finally:
        kinds._kinds.clear()
        kinds._kinds.update(before)
