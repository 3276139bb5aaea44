"""
Cases: work for a person, with the money at stake.

One unresolved case exists per fingerprint, so a fault that repeats a thousand times raises
``occurrences`` and not a thousand rows. Cases with the same ``cause_key`` share a root and a fix.
"""

from __future__ import annotations

from exceptions.models.cases import (
    RESOLVED,
    UNRESOLVED,
    Case,
    CaseEntry,
    CaseState,
    Cause,
)
from exceptions.models.grouping import Regrouping
from exceptions.models.lists import (
    SavedView,
    Snooze,
    Tally,
)
from exceptions.models.mending import (
    Correction,
    CorrectionState,
    PlaybookRun,
    PlaybookVersion,
    RunState,
    RunStep,
    StepState,
)
from exceptions.models.watching import Watch

__all__ = [
    "RESOLVED",
    "UNRESOLVED",
    "Case",
    "CaseEntry",
    "CaseState",
    "Cause",
    "Correction",
    "CorrectionState",
    "PlaybookRun",
    "PlaybookVersion",
    "Regrouping",
    "RunState",
    "RunStep",
    "SavedView",
    "Snooze",
    "StepState",
    "Tally",
    "Watch",
]
