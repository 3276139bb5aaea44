"""
Many cases as a file: more than one asks for by pressing once are frozen as a job, started with a
reason, and taken from its page when it is over. The file has the cases as they stand when it is
taken, for the eyes of whoever takes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from django.urls import reverse

from accounts.models import User
from exceptions.export import CASE_COLUMNS, case_cells
from exceptions.freezing import EVERY
from exceptions.models import Case
from exceptions.queries.cases import for_a_file
from revops.jobs import kinds
from revops.jobs.kinds import File, Frozen, JobKind, Outcome
from revops.jobs.models import ItemState, Job
from revops.kernel import clock
from revops.kernel.money import Money

FILE: Final = "cases.file"


def declare() -> None:
    """Called once when the app is ready."""
    kinds.declare(
        JobKind(
            FILE, "File of cases", "cases.view", freeze=_freeze, run=_run, link=_link, file=_file,
            freeze_set=EVERY,
            noun="case|cases", batch=5_000,
            warning="When it is over, the file is on this page. What you may not see is masked.",
        )
    )  # fmt: skip


def _freeze(ids: Sequence[int], options: Mapping[str, Any]) -> list[Frozen]:
    found = Case.objects.filter(pk__in=list(ids)).values_list(
        "pk", "subject_label", "cause", "legal_entity__code", "period_code", "at_stake", "currency",
        named=True,
    )  # fmt: skip
    held = {row.pk: row for row in found}
    return [
        Frozen(
            row.pk, f"EXC-{row.pk}", row.subject_label or row.cause,
            entity=row.legal_entity__code or "", period=row.period_code,
            amount=Money(row.at_stake, row.currency)
            if row.at_stake is not None and row.currency else None,
        )
        for row in (held[id] for id in ids if id in held)
    ]  # fmt: skip


def _run(ids: Sequence[int], by: User, job: Job) -> dict[int, Outcome]:
    there = set(Case.objects.filter(pk__in=list(ids)).values_list("pk", flat=True))
    gone = Outcome("skipped", "It is not there any more.")
    return {id: Outcome("done", "In the file.") if id in there else gone for id in ids}


def _file(job: Job) -> File:
    chosen = job.items.filter(state=ItemState.DONE).values("subject_id")
    return File("cases", CASE_COLUMNS, _lines(chosen))


def _lines(chosen: Any) -> Iterator[list[str]]:
    return case_cells(for_a_file(Case.objects.filter(pk__in=chosen)), at=clock.now())


def _link(id: int) -> str:
    return reverse("exceptions:case", args=[id])
