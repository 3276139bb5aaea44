"""Which remedies a case takes as it stands, and why not. Reads nothing: the case is given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from exceptions import kinds
from exceptions.kinds import Remedy
from exceptions.models import Case, CaseState
from revops.kernel.money import Money
from revops.web.formats import MONTHS


@dataclass(frozen=True, slots=True)
class Offer:
    """A remedy of the case's kind, and why it can't be used now (“” when it can)."""

    remedy: Remedy
    reason: str


@dataclass(slots=True)
class Preview:
    """What a remedy would do to the cases of a cause: how many, what money, and who is left out."""

    remedy: Remedy
    able: int = 0
    amounts: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    checked: int = 0

    @property
    def money(self) -> list[Money]:
        return [Money(minor, currency) for currency, minor in sorted(self.amounts.items())]


def reason_against(case: Case, remedy: kinds.Remedy) -> str | None:
    """Why the case can't take the remedy as it stands, in words; None when it can."""
    if case.state == CaseState.RESOLVED:
        assert case.resolved_at is not None  # a constraint of the table
        return f"It was resolved on {_moment(case.resolved_at)}."
    if remedy.slug not in kinds.get(case.kind).remedies:
        return f"“{remedy.label}” is no remedy for this kind of case."
    if case.state == CaseState.RETRYING and not remedy.safe_to_repeat:
        return "It is being retried already."
    if case.state == CaseState.IN_DOUBT and not remedy.reads_only:
        return "It may be in the target already, so it is asked about and never sent again unasked."
    return remedy.allowed(case)


def offers(case: Case) -> list[Offer]:
    """Every remedy of the case's kind, the suggested one first."""
    return [
        Offer(remedy, reason_against(case, remedy) or "")
        for remedy in (kinds.remedy(slug) for slug in kinds.described(case.kind).remedies)
    ]


def choice(case: Case, slug: str = "") -> tuple[Remedy | None, str]:
    """The remedy that the case takes (“”: the first one that it does), or None and why not."""
    slugs = [slug] if slug else list(kinds.described(case.kind).remedies)
    reasons = []
    for one in slugs:
        reason = reason_against(case, kinds.remedy(one))
        if not reason:
            return kinds.remedy(one), ""
        reasons.append(reason)
    return None, reasons[0] if reasons else "No button settles this kind: its playbook says how."


def preview(cases: Iterable[Case], remedy: Remedy) -> Preview:
    """The effect of a remedy on these cases, without doing it."""
    found = Preview(remedy)
    for case in cases:
        found.checked += 1
        reason = reason_against(case, remedy)
        if reason:
            found.refused[reason] = found.refused.get(reason, 0) + 1
            continue
        found.able += 1
        if case.at_stake is not None and case.currency:
            held = found.amounts.get(case.currency, 0)
            found.amounts[case.currency] = held + case.at_stake
    return found


def _moment(at: datetime) -> str:
    return f"{at.day} {MONTHS[at.month - 1]} {at:%H:%M} UTC"
