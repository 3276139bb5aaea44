"""What people and the line do with approvals. Rights are checked here, inside the transaction."""

from __future__ import annotations

from approvals.operations.asking import amend, ask, withdraw
from approvals.operations.deciding import Outcome, comment, decide, decide_each, review
from approvals.operations.delegating import delegate, take_back
from approvals.operations.refusals import (
    ApprovalRefused,
    Changed,
    Decided,
    NeedsProof,
    NotYours,
    OutOfReach,
)
from approvals.operations.watching import watch

__all__ = [
    "ApprovalRefused",
    "Changed",
    "Decided",
    "NeedsProof",
    "NotYours",
    "OutOfReach",
    "Outcome",
    "amend",
    "ask",
    "comment",
    "decide",
    "decide_each",
    "delegate",
    "review",
    "take_back",
    "watch",
    "withdraw",
]
