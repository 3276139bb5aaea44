"""Throwing one drill: break the sandboxes, and let billing do business meanwhile."""

from __future__ import annotations

from typing import Any

from revops.sandbox.rehearsals import buyers, doors, systems
from revops.sandbox.rehearsals.catalogue import BILLING, Drill


def throw(drill: Drill, facts: dict[str, Any], *, name: str) -> str:
    """
    What was thrown, in a sentence. Who buys is kept in ``facts``. Raises NotPossible; some of it
    may have been thrown by then.
    """
    struck = systems.strikes(drill)
    for strike in struck:
        doors.post(strike.system.slug, "faults", strike.faults)
    issued, paid = buyers.trade(drill, facts, name=name)
    told = _news(drill) if drill.news else 0
    parts = [
        f"Struck: {', '.join(strike.system.label for strike in struck)}" if struck else "",
        _counted(issued, "invoice", "issued"), _counted(paid, "payment", "made"),
        _counted(told, "event", "of a new type told"),
    ]  # fmt: skip
    return "; ".join(part for part in parts if part) + "."


def _news(drill: Drill) -> int:
    """The first billing system tells them: others that do would be another cause each."""
    for system in systems.all_of(BILLING)[:1]:
        for _ in range(drill.news):
            doors.post(system.slug, "scenario/new_kind", {})
        return drill.news
    return 0


def _counted(number: int, noun: str, what: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'} {what}" if number else ""
