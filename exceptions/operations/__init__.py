"""Writing cases: what the line found (``intake``) and what people do (``acts``, ``handling``)."""

from __future__ import annotations

from exceptions.operations.acts import (
    CaseRefused,
    CauseOutcome,
    retry,
    retry_cause,
    retry_each,
)
from exceptions.operations.carrying import carry_on
from exceptions.operations.commenting import comment, edit_comment
from exceptions.operations.handling import assign, snooze, snooze_causes, wake
from exceptions.operations.intake import fold, report, settle
from exceptions.operations.looking import report_all

__all__ = [
    "CaseRefused",
    "CauseOutcome",
    "assign",
    "carry_on",
    "comment",
    "edit_comment",
    "fold",
    "report",
    "report_all",
    "retry",
    "retry_cause",
    "retry_each",
    "settle",
    "snooze",
    "snooze_causes",
    "wake",
]
