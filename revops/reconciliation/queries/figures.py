"""
What a run's numbers are now: both sides as the run read them, and the breaks that stand between
them. Left − right is the sum of the standing breaks; what is left of that is unclassified.

``sha256`` is what somebody signs. It names both sides (the run's evidence) and each break with its
rows and its difference; whatever changes one of them changes it. What is explained of a break, or
how long it waits, is no number: an item that a later period clears leaves it as it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from revops.kernel.keys import sha256
from revops.reconciliation.models import Break, BreakState, BreakType, Run

DECIDE: Final = "decide"
# What needs somebody: everything that stands and neither clears by itself nor is explained.
_READ: Final = (
    "pair", "legal_entity", "period_code", "type", "state", "fingerprint", "left_key", "right_key",
    "left", "right", "currency", "difference", "reason", "expected_by", "opened_at",
    "case__cause_key",
)  # fmt: skip
ORDER: Final = tuple(BreakType.values)


@dataclass(frozen=True, slots=True)
class Sum:
    """Breaks in one currency. ``gross`` adds differences up whatever their sign; rows by side."""

    count: int = 0
    net: int = 0
    gross: int = 0
    left_rows: int = 0
    right_rows: int = 0
    left: int = 0
    right: int = 0

    def __add__(self, other: Sum) -> Sum:
        return Sum(*(getattr(self, name) + getattr(other, name) for name in _PARTS))


_PARTS: Final = ("count", "net", "gross", "left_rows", "right_rows", "left", "right")


@dataclass(frozen=True, slots=True)
class Side:
    count: int
    amount: int


@dataclass(frozen=True, slots=True)
class Proof:
    """One currency: A, B, the breaks by type and by state. Amounts are minor units."""

    currency: str
    left: Side
    right: Side
    by_type: Mapping[str, Sum] = field(default_factory=dict)
    by_state: Mapping[str, Sum] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        return self.left.amount - self.right.amount

    @property
    def breaks(self) -> Sum:
        return sum(self.by_type.values(), Sum())

    @property
    def unclassified(self) -> int:
        return self.difference - self.breaks.net

    @property
    def decide(self) -> Sum:
        return self.by_state.get(BreakState.OPEN, Sum())

    @property
    def equal(self) -> Side:
        """Rows of the left side that no break holds."""
        held = self.breaks
        return Side(
            max(0, self.left.count - held.left_rows), self.left.amount - held.left
        )  # fmt: skip

    @property
    def rest(self) -> int:
        """The right side's amount that no break holds."""
        return self.right.amount - self.breaks.right

    @property
    def agreed(self) -> Side:
        """What is equal, and what is explained."""
        explained = self.by_state.get(BreakState.EXPLAINED, Sum())
        return Side(
            self.equal.count + explained.left_rows, self.equal.amount + explained.left
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figures:
    """By currency, largest left side first."""

    proofs: Sequence[Proof]
    sha256: str

    @property
    def decide(self) -> int:
        return sum(one.decide.count for one in self.proofs)

    @property
    def breaks(self) -> int:
        return sum(one.breaks.count for one in self.proofs)

    @property
    def ties(self) -> bool:
        """Nothing needs anybody, and nothing is unclassified."""
        return not self.decide and not any(one.unclassified for one in self.proofs)


def of(run: Run, breaks: Sequence[Break] | None = None) -> Figures:
    """The figures of a run as its breaks stand now; ``breaks`` are ``standing(run)``, if read."""
    found = standing(run) if breaks is None else breaks
    by_currency: dict[str, list[Break]] = {}
    for one in found:
        by_currency.setdefault(one.currency, []).append(one)
    currencies = sorted({*run.figures, *by_currency})
    proofs = [
        _proof(currency, run.figures.get(currency, {}), by_currency.get(currency, []))
        for currency in currencies
    ]
    proofs.sort(key=lambda one: (-max(one.left.count, one.right.count), one.currency))
    return Figures(proofs, _digest(run, proofs, found))


@dataclass(frozen=True, slots=True)
class Kept:
    """One currency as a run found it: both sides, and (type, sum) of its breaks in their order."""

    currency: str
    left: Side
    right: Side
    difference: int
    types: Sequence[tuple[str, Sum]]
    unclassified: int


def kept(run: Run) -> list[Kept]:
    """What the run itself kept, whatever became of its breaks since; largest left side first."""
    found = [
        Kept(
            currency, _side(told, "left"), _side(told, "right"), int(told.get("difference", 0)),
            [
                (type, Sum(int(one["count"]), int(one["difference"]), int(one["gross"])))
                for type in ORDER
                if (one := told.get("types", {}).get(type)) is not None
            ],
            int(told.get("unclassified", 0)),
        )
        for currency, told in run.figures.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-max(one.left.count, one.right.count), one.currency))


def standing(run: Run) -> list[Break]:
    """The breaks of the run's own period that stand, in the order of the page."""
    rows = Break.objects.filter(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=run.period_code
    )
    rows = rows.exclude(state=BreakState.SETTLED).select_related("case")
    return list(rows.only(*_READ).order_by("pk"))


def sum_of(breaks: Iterable[Break]) -> Sum:
    """Of breaks in one currency."""
    count = net = gross = left_rows = right_rows = left = right = 0
    for one in breaks:
        count += 1
        net += one.difference
        gross += abs(one.difference)
        left_rows += len(one.left)
        right_rows += len(one.right)
        left += sum(row["amount"] for row in one.left)
        right += sum(row["amount"] for row in one.right)
    return Sum(count, net, gross, left_rows, right_rows, left, right)


def _proof(currency: str, told: Mapping[str, Any], breaks: Sequence[Break]) -> Proof:
    by_type: dict[str, list[Break]] = {}
    by_state: dict[str, list[Break]] = {}
    for one in breaks:
        by_type.setdefault(one.type, []).append(one)
        by_state.setdefault(one.state, []).append(one)
    return Proof(
        currency, _side(told, "left"), _side(told, "right"),
        by_type={kind: sum_of(by_type[kind]) for kind in ORDER if kind in by_type},
        by_state={state: sum_of(held) for state, held in by_state.items()},
    )  # fmt: skip


def _side(told: Mapping[str, Any], name: str) -> Side:
    held = told.get(name, {})
    return Side(int(held.get("count", 0)), int(held.get("amount", 0)))


def _digest(run: Run, proofs: Sequence[Proof], breaks: Sequence[Break]) -> str:
    told = {
        "evidence": run.evidence,
        "sides": [
            [one.currency, one.left.count, one.left.amount, one.right.count, one.right.amount]
            for one in proofs
        ],
        "breaks": sorted(
            [one.currency, sorted(row["id"] for row in one.left),
             sorted(row["id"] for row in one.right), one.difference]
            for one in breaks
        ),
    }  # fmt: skip
    return sha256(json.dumps(told, sort_keys=True, separators=(",", ":")))
