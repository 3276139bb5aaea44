"""A change set as its page and the grid show it: old beside new, what it does, who decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from accounts.models import User
from accounts.queries import may
from approvals.models import ApprovalRequest
from approvals.queries.ladder import ladder
from exceptions.queries.totals import Sum
from revops.kernel.money import Money
from revops.mappings.kinds import MapKind, get
from revops.mappings.models import ChangeRow, ChangeSet, LedgerAccount, SetState
from revops.mappings.operations.sets import EDITABLE

LOOKS: Final = {
    SetState.DRAFT: ("draft", "Draft"),
    SetState.WAITING: ("waiting_for_approval", "Waiting for approval"),
    SetState.SENT_BACK: ("needs_attention", "Sent back"),
    SetState.APPLIED: ("active", "In force"),
    SetState.REFUSED: ("refused", "Refused"),
    SetState.DISCARDED: ("cancelled", "Discarded"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a row, old and new; ``open`` and ``none`` in words."""

    label: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Diff:
    row: ChangeRow
    what: str
    cells: Sequence[Cell]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Books:
    """What would post to one entity's period, in one currency: (account, name, debit, credit)."""

    entity: str
    period: str
    rows: Sequence[tuple[str, str, Money | None, Money | None]]
    debit: Money
    credit: Money


def shown_set(
    held: ChangeSet, user: User, *, problems: Sequence[Mapping[str, str]] = (), rows: int = 12,
    every: Sequence[ChangeRow] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """
    The context of ``mappings/_set.html``; ``rows`` at most are compared. ``every`` are all rows of
    the set, where the caller has them.
    """
    kind = get(held.kind)
    of_it = (
        list(held.rows.order_by("position")[:rows])
        if every is None
        else sorted(every, key=lambda one: one.position)[:rows]
    )
    count = held.rows.count() if every is None else len(every)
    status, word = LOOKS[SetState(held.state)]
    request = ApprovalRequest.objects.filter(pk=held.approval).first() if held.approval else None
    impact = dict(held.preview)
    mine = held.made_by_id == user.pk and may(user, "mappings.propose")
    return {
        "held": held,
        "kind": kind,
        "status": status,
        "word": word,
        "diffs": [
            diff_of(kind, one, problems[place] if place < len(problems) else {})
            for place, one in enumerate(of_it)
        ],
        "count": count,
        "more": count - len(of_it),
        "adds": sum(1 for one in of_it if one.op == "set" and not one.before),
        "ends": sum(1 for one in of_it if one.op == "end"),
        "impact": impact,
        "money": [Money(minor, currency) for currency, minor in impact.get("money", ())],
        "coming": _sum(impact),
        "books": _books(impact),
        "request": request,
        "ladder": ladder(request) if request else [],
        "editable": mine and held.state in EDITABLE,
        "wrong": sum(1 for one in problems if one),
    }


def diff_of(kind: MapKind, row: ChangeRow, problems: Mapping[str, str]) -> Diff:
    """The fields of a row that differ; of a new one all of them."""
    before = row.before[0] if row.before else None
    cells: list[Cell] = []
    if row.op == "end":
        until = before["until"] if before else ""
        if kind.dated:
            cells.append(Cell("Valid to", until or "open", _day(row.until)))
        else:
            said = ", ".join(before["values"].values()) if before else ""
            cells.append(Cell("Row", said, "none"))
        return Diff(row, "ended", cells, " ".join(problems.values()))
    for column in kind.values:
        was = before["values"].get(column.name, "") if before else ""
        now = row.values.get(column.name, "")
        if was != now:
            choices = column.choices or {}
            cells.append(
                Cell(column.label, choices.get(was, was) or "none", choices.get(now, now) or "none")
            )
    if kind.dated:
        since = before["since"] if before else ""
        if not before or since != _day(row.since):
            cells.append(Cell("Valid from", since or "none", _day(row.since)))
        until = (before["until"] or "open") if before else "none"
        if until != (_day(row.until) or "open"):
            cells.append(Cell("Valid to", until, _day(row.until) or "open"))
    what = "changed" if before else "added"
    return Diff(row, what, cells, " ".join(problems.values()))


def _books(impact: Mapping[str, Any]) -> list[Books]:
    grouped: dict[tuple[str, str, str], list[Any]] = {}
    for entity, period, currency, account, amount, _ in impact.get("journals", ()):
        grouped.setdefault((entity, period, currency), []).append((account, amount))
    if not grouped:
        return []
    names = dict(LedgerAccount.objects.values_list("code", "name"))
    found = []
    for (entity, period, currency), lines in grouped.items():
        debit = sum(amount for _, amount in lines if amount > 0)
        credit = -sum(amount for _, amount in lines if amount < 0)
        found.append(
            Books(
                entity, period,
                [
                    (
                        account, names.get(account, ""),
                        Money(amount, currency) if amount > 0 else None,
                        Money(-amount, currency) if amount < 0 else None,
                    )
                    for account, amount in lines
                ],
                Money(debit, currency), Money(credit, currency),
            )
        )  # fmt: skip
    return found


def _sum(impact: Mapping[str, Any]) -> Sum:
    found = Sum(cases=impact.get("coming", 0))
    for currency, minor in impact.get("coming_money", ()):
        found.add(0, currency, minor)
    return found


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""
