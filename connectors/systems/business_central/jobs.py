"""A command on its way through one call of ``send``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from connectors.contract import Command, Outcome, Receipt
from connectors.postings import Posting
from connectors.problem import Problem
from connectors.systems.business_central import forms
from connectors.systems.business_central.books import Books
from connectors.systems.business_central.forms import Form
from connectors.systems.business_central.lookup import Held


@dataclass(slots=True, eq=False)
class Job:
    """``receipt`` ends it; ``draft`` is what it was given in Business Central, None before."""

    command: Command
    posting: Posting
    books: Books | None = None
    draft: Held | None = None
    receipt: Receipt | None = None

    @property
    def form(self) -> Form:
        return self.draft.form if self.draft else forms.BY_KIND[self.command.kind]

    @property
    def content(self) -> str:
        return forms.wanted_content(self.posting)

    @property
    def customers(self) -> dict[str, str]:
        """Id → name of those on receivable lines."""
        assert self.books is not None
        return {
            line.customer: line.customer_name
            for line in self.posting.lines
            if line.account == self.books.receivable and line.amount
        }

    def end(self, outcome: Outcome, code: str = "", reason: str = "", **more: Any) -> None:
        drafted = self.draft.external_id if self.draft else ""
        self.receipt = Receipt(outcome, code=code, reason=reason, drafted_id=drafted, **more)

    def fail(self, problem: Problem, *, outcome: Outcome | None = None) -> None:
        receipt = problem.receipt()
        drafted = self.draft.external_id if self.draft else ""
        self.receipt = replace(receipt, outcome=outcome or receipt.outcome, drafted_id=drafted)

    def done(self, outcome: Outcome, held: Held) -> None:
        self.receipt = Receipt(outcome, external_id=held.external_id, external_number=held.number)


def unfinished(jobs: Iterable[Job]) -> list[Job]:
    return [job for job in jobs if job.receipt is None]


def leave(jobs: Iterable[Job]) -> None:
    """End what was not reached because a call before it failed: surely nothing was sent for it."""
    for job in unfinished(jobs):
        job.end(Outcome.NOT_SENT, "not_tried", "Not tried, because the call before it failed.")
