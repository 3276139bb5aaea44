"""Sentences about who decides, before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accounts.models import User
from approvals.queries.standing import words_of
from revops.credits.queries.sheet import Sheet

_COUNTS: Final = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}


@dataclass(frozen=True, slots=True)
class Rung:
    """A tier of the policy that counts: its limit, who it asks, whether it is this one."""

    number: int
    limit: str
    asks: str
    here: bool


def who_decides(sheet: Sheet, user: User) -> str:
    """“Tier 2: one finance manager. Not you: you are asking.”"""
    asked = sheet.asked
    if asked is None:
        return ""
    tier = asked.placed.tier
    if tier.automatic:
        return f"Tier {tier.number}: nobody. The policy itself lets it through."
    able = {one.user for _, people in asked.people for one in people}
    mine = "Not you: you are asking. " if user.pk not in able else ""
    stuck = "Nobody can decide it now. " if asked.stuck else ""
    return f"Tier {tier.number}: {_steps(tier.steps)}. {mine}{stuck}{asked.placed.why}".strip()


def rungs(sheet: Sheet) -> Sequence[Rung]:
    """Every tier of the policy, in order."""
    asked = sheet.asked
    if asked is None:
        return ()
    found = []
    last: int | None = None
    currency = asked.valued.currency
    for tier in asked.policy.tiers:
        over = f"Above {currency} {last:,}" if last is not None else ""
        limit = f"To {currency} {tier.up_to:,}" if tier.up_to is not None else over or "Any amount"
        found.append(
            Rung(tier.number, limit, _steps(tier.steps), tier.number == asked.placed.tier.number)
        )
        last = tier.up_to
    return found


def _steps(steps: Sequence[str]) -> str:
    """“one finance analyst or finance manager, then one finance manager”; equal steps count."""
    if not steps:
        return "nobody"
    if len(set(steps)) == 1:
        count = _COUNTS.get(len(steps), str(len(steps)))
        return f"{count} {words_of(steps[0])}{'s' if len(steps) > 1 else ''}"
    return ", then ".join(f"one {words_of(step)}" for step in steps)
