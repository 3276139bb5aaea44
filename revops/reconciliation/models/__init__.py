"""What reconciliation keeps. Amounts are minor units of the currency beside them."""

from __future__ import annotations

from revops.reconciliation.models.keeping import Footing, Kept
from revops.reconciliation.models.matches import Draft, Match, MatchItem, Refusal
from revops.reconciliation.models.rules import Rule, RuleVersion
from revops.reconciliation.models.runs import Break, BreakState, BreakType, Run, RunState, SignOff
from revops.reconciliation.models.snapshots import Holding, Load, LoadState, Pair

__all__ = (
    "Break", "BreakState", "BreakType", "Draft", "Footing", "Holding", "Kept", "Load", "LoadState",
    "Match", "MatchItem", "Pair", "Refusal", "Rule", "RuleVersion", "Run", "RunState", "SignOff",
)  # fmt: skip
