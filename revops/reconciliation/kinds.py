"""
The kinds of case that breaks are, in the order of the types. A check may name another kind for a
type (``Check.kinds``); what clears by itself or is explained is no case.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from exceptions import kinds
from exceptions.kinds import Kind
from revops.reconciliation.checks.base import Check

DAY: Final = timedelta(days=1)

KINDS: Final = (
    Kind("break_missing_right", "Not on the right", team="Finance", sla=DAY,
         playbook="break_missing", tone="crit",
         why="One system has it and the other does not: one of both books is wrong.",
         fix="Find out which side is right; post or fetch what is missing there."),
    Kind("break_missing_left", "Not on the left", team="Finance", sla=DAY,
         playbook="break_missing", tone="crit",
         why="Something is in the books that its source does not know of.",
         fix="Find out where it came from; reverse it, or fetch it from its source."),
    Kind("break_amount", "Amounts differ", team="Finance", sla=DAY, playbook="break_amount",
         tone="crit", why="Both systems have the document, and not for the same money.",
         fix="Find the side that is wrong and correct it there."),
    Kind("break_tax", "Taxes differ", team="Finance", sla=DAY, playbook="break_tax", tone="crit",
         why="What is owed to the authority is not what the customer was charged.",
         fix="Compare rate and base on both sides, and correct the tax map or the ERP's code."),
    Kind("break_currency", "Currencies differ", team="Finance", sla=DAY, playbook="break_amount",
         tone="crit", why="The same number in another currency is another amount of money.",
         fix="Find the side that is wrong and correct it there."),
    Kind("break_state", "Status differs", team="Finance", sla=DAY, playbook="break_state",
         why="One system takes it for settled or void, the other one still counts on it.",
         fix="Find out which is right, and bring the other side there."),
    Kind("break_period", "In another period", team="Finance", sla=DAY, playbook="break_period",
         why="Both have it, in different periods: each of both closes with another sum.",
         fix="Find out which day is right, and correct the other side while its period is open."),
    Kind("break_duplicate", "Listed twice", team="Finance", sla=DAY, playbook="break_duplicate",
         tone="crit", why="The same document counts twice on one side.",
         fix="Reverse one of both there; a second person agrees."),
    Kind("break_probable_duplicate", "Probably listed twice", team="Finance", sla=DAY,
         playbook="break_duplicate", tone="crit",
         why="Same amount, day and customer under another id: it may be there twice.",
         fix="Look at both. Reverse one, or match it with what it belongs to."),
    Kind("break_deleted", "Deleted after posting", team="Finance", sla=DAY,
         playbook="break_changed", tone="crit",
         why="It was in the books and is gone; what was reported may be wrong.",
         fix="Ask who deleted it and why; post it again or undo its source."),
    Kind("break_edited", "Edited after posting", team="Finance", sla=DAY,
         playbook="break_changed", tone="crit",
         why="Both sides agreed until somebody changed one by hand.",
         fix="Ask who changed it and why; undo it there, or correct its source."),
)  # fmt: skip


def of(check: Check, type: str) -> str:
    """The kind of case of a check's break of this type."""
    return check.kinds.get(type) or f"break_{type}"


def declare(offered: Mapping[str, tuple[str, ...]] | None = None) -> None:
    """Called once when the app is ready; ``offered`` are the remedies by kind, declared before."""
    remedies = offered or {}
    kinds.declare(
        *(
            Kind(
                one.slug, one.label, one.team, one.sla, one.playbook, tone=one.tone, why=one.why,
                fix=one.fix, remedies=remedies.get(one.slug, ()),
            )
            for one in KINDS
        )
    )  # fmt: skip
