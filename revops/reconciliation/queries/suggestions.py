"""What may belong together of a run's leftovers, as the workbench offers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from revops.kernel.money import Money
from revops.reconciliation.engine.suggesting import (
    Place,
    Proposal,
    Reason,
    Wanted,
    place_of,
    propose,
)
from revops.reconciliation.items import Item
from revops.reconciliation.models import Refusal, Rule, Run
from revops.reconciliation.models.rules import Strength
from revops.reconciliation.queries import leftovers
from revops.reconciliation.queries.leftovers import Leftovers, token_of

MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``left`` and ``right`` are tokens of rows; ``off`` is left minus right."""

    title: str
    pairing: str
    score: int
    reasons: Sequence[Reason]
    left: Sequence[str]
    right: Sequence[str]
    off: Money

    @property
    def balanced(self) -> bool:
        return self.off.minor == 0


def of(run: Run, left_over: Leftovers | None = None) -> list[Suggestion]:
    """The surest first, by the rules that the run used; ``left_over`` when it was read already."""
    return [_suggestion(one) for one in _proposed(run, left_over or leftovers.of(run))]


def counterparts(run: Run) -> Mapping[tuple[str, str], str]:
    """What is suggested, by side and id of each row: the name of what it may belong to."""
    found: dict[tuple[str, str], str] = {}
    for one in _proposed(run, leftovers.of(run)):
        found |= {("left", item.id): _names(one.right) for item in one.left}
        found |= {("right", item.id): _names(one.left) for item in one.right}
    return found


def at(run: Run, place: Place) -> Proposal | None:
    """The suggestion of exactly these rows, by their ids; None when it is none now."""
    return next((one for one in _proposed(run, leftovers.of(run)) if one.place == place), None)


def rule_of(run: Run, one: Proposal | None) -> Rule | None:
    """The rule of the run's version that suggests it, where one does."""
    return run.rules.rules.filter(name=one.rule).first() if one is not None and one.rule else None


def _refused(run: Run) -> set[Place]:
    rows = Refusal.objects.filter(pair_id=run.pair_id, legal_entity_id=run.legal_entity_id)
    return {place_of(left, right) for left, right in rows.values_list("left", "right")}


def _proposed(run: Run, held: Leftovers) -> list[Proposal]:
    rules = [
        Wanted(
            one.name, tuple(one.keys), amount_within=one.amount_within, per_mille=one.per_mille,
            days_within=one.days_within, named=one.reference_in_text,
        )
        for one in run.rules.rules.order_by("position")
        if one.strength == Strength.SUGGEST
        and one.legal_entity_id in (None, run.legal_entity_id)
    ]  # fmt: skip
    found = propose(
        [row.item for row in held.left], [row.item for row in held.right], rules, _refused(run)
    )
    return found[:MOST]


def _suggestion(one: Proposal) -> Suggestion:
    first = (*one.left, *one.right)[0]
    party = next((item.party for item in (*one.left, *one.right) if item.party), "")
    return Suggestion(
        title=party or first.name, pairing=f"{_names(one.left)} ↔ {_names(one.right)}",
        score=one.score, reasons=one.reasons, left=[token_of(item) for item in one.left],
        right=[token_of(item) for item in one.right], off=Money(one.off, first.currency),
    )  # fmt: skip


def _names(items: Sequence[Item]) -> str:
    if len(items) == 1:
        return items[0].name
    return f"{items[0].name} and {len(items) - 1} more"
