"""Whose names stand under a run, and what is missing before the next one can be there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from exceptions.models import Case, CaseState
from revops.kernel.money import Money
from revops.reconciliation.models import Match, Run, RunState, SignOff
from revops.reconciliation.queries import carried
from revops.reconciliation.queries.figures import Figures
from revops.web.formats import money_text

_MOST: Final = 5
PREPARER, REVIEWER = "preparer", "reviewer"


@dataclass(frozen=True, slots=True)
class Missing:
    """One reason why it cannot be signed; ``anchor`` leads to it on the run's page."""

    text: str
    tone: str = "warn"
    sub: str = ""
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class LateEvent:
    """Something that came for the run's period after it: its case, and what is at stake."""

    case: Case
    amount: Money | None


def late_since(run: Run) -> tuple[list[LateEvent], int]:
    """
    What came for the run's legal entity and period since it ended and waits, as the period takes
    no more: the newest five, and how many there are. No figure of the run holds it.
    """
    rows = Case.objects.filter(
        kind="period_closed", legal_entity=run.legal_entity_id, period_code=run.period_code,
        opened_at__gt=run.ended_at or run.began_at,
    ).exclude(state=CaseState.RESOLVED)  # fmt: skip
    found = list(rows.order_by("-opened_at", "-pk")[:_MOST])
    held = [
        LateEvent(
            case,
            Money(case.at_stake, case.currency)
            if case.at_stake is not None and case.currency
            else None,
        )
        for case in found
    ]
    return held, len(held) if len(held) < _MOST else rows.count()


def latest(pair_id: int, legal_entity_id: int, period_code: str) -> Run | None:
    """The newest run that came to an end."""
    runs = Run.objects.filter(
        pair_id=pair_id, legal_entity_id=legal_entity_id, period_code=period_code,
        state=RunState.DONE,
    )  # fmt: skip
    return runs.select_related("pair", "legal_entity", "rules").order_by("-pk").first()


def standing(run: Run) -> dict[str, SignOff]:
    """The sign-offs of the run's pair, legal entity and period that count, by role."""
    return {one.role: one for one in of(run) if one.suspended_at is None}


def of(run: Run) -> Sequence[SignOff]:
    """All of them, newest first, suspended ones too."""
    rows = SignOff.objects.filter(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=run.period_code
    )
    return list(rows.select_related("by", "run").order_by("-pk"))


def makers(run: Run) -> frozenset[int]:
    """Who prepared or matched, and so does not review: user ids."""
    prepared = [one.by_id for role, one in standing(run).items() if role == PREPARER]
    matched = Match.objects.filter(
        pair_id=run.pair_id, legal_entity_id=run.legal_entity_id, period_code=run.period_code,
        released_at__isnull=True, made_by__isnull=False,
    ).values_list("made_by_id", flat=True)  # fmt: skip
    return frozenset([*prepared, *(one for one in matched if one is not None)])


def missing(run: Run, figures: Figures, role: str) -> list[Missing]:
    """Why ``role`` cannot sign now, heaviest first; empty when it can."""
    names = standing(run)
    if role in names:
        return [Missing(f"{names[role].by.name} has signed as {role}.", tone="ok")]
    newest = latest(run.pair_id, run.legal_entity_id, run.period_code)
    if newest is None or run.state != RunState.DONE:
        return [Missing("The run has to come to its end first.")]
    if newest.pk != run.pk:
        return [Missing(f"{newest} is newer than {run}. Sign that one.")]
    found = [
        Missing(
            f"{money_text(Money(one.unclassified, one.currency))} is not classified",
            tone="crit", anchor="proof",
        )
        for one in figures.proofs
        if one.unclassified
    ]  # fmt: skip
    found += _undecided(run, figures)
    if role == REVIEWER and PREPARER not in names:
        found.append(Missing("Somebody else has to sign as preparer first"))
    return found


def _undecided(run: Run, figures: Figures) -> list[Missing]:
    if not figures.decide or carried.agreed(run) is not None:
        return []
    found = []
    for one in figures.proofs:
        held = one.decide
        if held.count:
            net, gross = Money(held.net, one.currency), Money(held.gross, one.currency)
            text = "1 break needs" if held.count == 1 else f"{held.count:,} breaks need"
            found.append(
                Missing(
                    f"{text} a decision", anchor="breaks",
                    sub=f"{money_text(net)} net, {money_text(gross)} gross",
                )
            )  # fmt: skip
    waits = carried.waiting(run)
    if waits is not None:
        found.append(Missing(f"{waits} waits for somebody to agree to carry them forward"))
    return found
