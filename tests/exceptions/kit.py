"""Kinds, remedies and findings for the tests of cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from accounts.models import User
from exceptions import kinds
from exceptions.findings import Finding
from exceptions.kinds import Kind, Remedy
from exceptions.models import Case
from exceptions.operations import CaseRefused


class Calls:
    """What the remedies of a test were asked to do."""

    def __init__(self) -> None:
        self.ran: list[int] = []
        self.batches: list[int] = []
        self.refuses: set[int] = set()

    def run(self, case: Case, by: User) -> str:
        if case.pk in self.refuses:
            raise CaseRefused("The target says no.")
        self.ran.append(case.pk)
        return "It is sent again with the same key."

    def run_many(self, cases: Sequence[Case], by: User) -> str:
        self.batches.append(len(cases))
        self.ran.extend(case.pk for case in cases)
        return "It is sent again with the same key."


def _not_over_a_million(case: Case) -> str | None:
    return "It is over a million." if (case.at_stake or 0) > 100_000_000 else None


@contextmanager
def declared(calls: Calls) -> Iterator[None]:
    """Test kinds: ``t_held`` with remedies, ``t_doubt`` that can only be asked about."""
    before = dict(kinds._kinds), dict(kinds._remedies)
    kinds.declare_remedy(
        Remedy("t_retry", "Retry", "cases.retry", calls.run, allowed=_not_over_a_million),
        Remedy("t_bulk", "Retry as one", "cases.retry", calls.run, run_many=calls.run_many),
        Remedy(
            "t_check", "Check now", "cases.retry", calls.run, reads_only=True, safe_to_repeat=True
        ),
    )
    shared = {"team": "Finance", "playbook": "closed_period"}
    kinds.declare(
        Kind(
            "t_held",
            "Held back",
            sla=timedelta(days=1),
            remedies=("t_retry", "t_bulk"),
            why="The entry is not in the books.",
            fix="Open the period, then retry.",
            **shared,
        ),
        Kind(
            "t_doubt", "In doubt", sla=timedelta(hours=4), remedies=("t_check", "t_retry"), **shared
        ),
    )
    kinds.declare(Kind("t_slow", "Slow", sla=timedelta(days=30), remedies=("t_retry",), **shared))
    try:
        yield
    finally:
        kinds._kinds.clear()
        kinds._kinds.update(before[0])
        kinds._remedies.clear()
        kinds._remedies.update(before[1])


FINDING = Finding(
    kind="t_held",
    identity="CMD-1",
    cause_parts="books|2026-10",
    cause="October 2026 is closed in Books",
    what_happened="Books refused the entry because its period is closed.",
    currency="USD",
    at_stake=10_000,
    path="Billing → Books · invoice",
    customer_name="Contoso",
    subject_label="INV-1",
    facts=(("Account", "1200"),),
    connection_slug="books",
    correlation_id="co-1",
)


def a_finding(identity: str = "CMD-1", **values: Any) -> Finding:
    return replace(FINDING, identity=identity, **values)
