"""Runs of playbooks: the one on a case, and how they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.utils.safestring import SafeString

from exceptions.models import Case, PlaybookRun, RunStep
from exceptions.playbooks import kept
from revops.store import sql
from revops.web.formats import span_text


@dataclass(frozen=True, slots=True)
class Standing:
    """A step of a run; ``taken`` says what became of it, ``now`` that it is the next one."""

    position: int
    kind: str
    text: SafeString
    taken: RunStep | None
    now: bool


@dataclass(frozen=True, slots=True)
class Running:
    run: PlaybookRun
    steps: Sequence[Standing]

    @property
    def next(self) -> Standing | None:
        return next((step for step in self.steps if step.now), None)


@dataclass(frozen=True, slots=True)
class Record:
    """How a playbook went: runs that are over, how many were done, their median time."""

    slug: str
    runs: int
    done: int
    median: timedelta | None
    version: int

    @property
    def percent(self) -> int:
        return (200 * self.done + self.runs) // (2 * self.runs) if self.runs else 0

    @property
    def usual(self) -> str:
        """The median in words, or nothing when none was done."""
        return span_text(self.median) if self.median is not None else ""


def latest_run(case: Case) -> Running | None:
    """The case's run, or its last one. Two queries at most."""
    run = case.runs.select_related("version", "by").order_by("-pk").first()
    if run is None:
        return None
    taken = {one.position: one for one in run.taken.select_related("by")}
    steps = [
        Standing(
            number, step["kind"], kept(step["text"]), taken.get(number),
            run.state == "running" and number == len(taken) + 1,
        )
        for number, step in enumerate(run.version.steps, 1)
    ]  # fmt: skip
    return Running(run, steps)


_RECORDS = """
SELECT version.slug, max(version.number) AS version,
    count(run.id) FILTER (WHERE run.state <> 'running') AS runs,
    count(run.id) FILTER (WHERE run.state = 'done') AS done,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY run.ended_at - run.started_at)
        FILTER (WHERE run.state = 'done') AS median
FROM exceptions_playbookversion version
LEFT JOIN exceptions_playbookrun run ON run.version_id = version.id
GROUP BY version.slug
"""


def records() -> dict[str, Record]:
    """By playbook, of the runs that the reader sees. One query."""
    return {
        row.slug: Record(row.slug, row.runs, row.done, row.median, row.version)
        for row in sql.rows(_RECORDS)
    }
