"""Writing cases: what the line found (``intake``) and what people do (``acts``)."""

from __future__ import annotations

from exceptions.operations.acts import (
    CaseRefused,
    CauseOutcome,
    comment,
    retry,
    retry_cause,
)
from exceptions.operations.intake import fold, report, settle

__all__ = [
    "CaseRefused",
    "CauseOutcome",
    "comment",
    "fold",
    "report",
    "retry",
    "retry_cause",
    "settle",
]
