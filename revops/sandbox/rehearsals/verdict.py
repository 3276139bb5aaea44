"""What a report comes to, in words: the verdict, and the next step for a person."""

from __future__ import annotations

from dataclasses import dataclass

from revops.sandbox.rehearsals.report import Report


@dataclass(frozen=True, slots=True)
class Verdict:
    """``tone`` is a class of the verdict's strip, ``mark`` its icon."""

    tone: str
    mark: str
    title: str
    text: str


def of(report: Report) -> Verdict:
    """The worst that is true comes first."""
    if report.unexplained:
        differ = _count(report.unexplained, "document does", "documents do")
        return Verdict(
            "crit", "diamond", f"{differ} not agree, and no case says why.",
            "Follow the playbook of rehearsals for each of them, then count again.",
        )  # fmt: skip
    if report.in_cases or report.standing:
        cases = sum(cause.cases for cause in report.standing)
        wait = _count(cases, "case since its start waits", "cases since its start wait")
        held = _count(report.in_cases, "document of billing is", "documents of billing are")
        return Verdict(
            "warn", "triangle",
            f"{wait} for a person." if cases else "Older cases keep documents out of the ERP.",
            f"{f'{held} in a case. ' if report.in_cases else ''}Follow the playbooks, then count "
            "again.",
        )  # fmt: skip
    if report.waiting:
        on_the_way = _count(report.waiting, "document is", "documents are")
        return Verdict(
            "wait", "clock", f"{on_the_way} on the way.",
            "Nothing is needed from you. Count again in a moment.",
        )  # fmt: skip
    return Verdict(
        "ok", "tick", "The books match.",
        f"{report.documents:,} documents of billing are in their ERPs, each once, as billed. "
        "No case since its start is open.",
    )  # fmt: skip


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
