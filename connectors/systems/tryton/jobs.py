"""A command on its way through one call of ``send``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from connectors.contract import Command, Found, Outcome, Receipt
from connectors.problem import Problem
from connectors.systems.tryton import forms, journal
from connectors.systems.tryton.books import Books, Period
from connectors.systems.tryton.forms import Form
from connectors.systems.tryton.journal import Journal


@dataclass(slots=True, eq=False)
class Job:
    """``receipt`` ends it; ``draft`` is our name of its draft, "" while there is none."""

    command: Command
    journal: Journal
    books: Books | None = None
    period: Period | None = None
    draft: str = ""
    receipt: Receipt | None = None

    @property
    def content(self) -> str:
        return journal.digest_of(self.journal)

    @property
    def wanted(self) -> Form:
        """What is made when Tryton holds nothing under the key yet."""
        return forms.BY_KIND[self.command.kind]

    @property
    def form(self) -> Form:
        """What its draft is."""
        return forms.of(self.draft)

    @property
    def number(self) -> str:
        """Tryton's id of its draft."""
        return self.form.number(self.draft)

    def end(self, outcome: Outcome, code: str = "", reason: str = "", **more: Any) -> None:
        self.receipt = Receipt(outcome, code=code, reason=reason, drafted_id=self.draft, **more)

    def fail(self, problem: Problem, *, outcome: Outcome | None = None) -> None:
        receipt = problem.receipt()
        self.receipt = replace(receipt, outcome=outcome or receipt.outcome, drafted_id=self.draft)

    def done(self, outcome: Outcome, held: Found) -> None:
        self.receipt = Receipt(
            outcome, external_id=held.external_id, external_number=held.external_number
        )


def unfinished(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.receipt is None]


def fail_all(jobs: Iterable[Job], problem: Problem, *, outcome: Outcome | None = None) -> None:
    for job in jobs:
        job.fail(problem, outcome=outcome)


def leave(jobs: Iterable[Job]) -> None:
    """End what was not reached because a call before it failed: surely nothing was sent for it."""
    for job in unfinished(jobs):
        job.end(Outcome.NOT_SENT, "not_tried", "Not tried, because the call before it failed.")
