"""What people and the line do with approvals. Rights are checked here, inside the transaction."""

from __future__ import annotations

from approvals.operations.asking import amend, ask, withdraw
from approvals.operations.deciding import (
    MOST_AT_ONCE,
    Outcome,
    comment,
    decide,
    decide_each,
    review,
)
from approvals.operations.delegating import delegate, take_back
from approvals.operations.refusals import (
    ApprovalRefused,
    Changed,
    Decided,
    NeedsProof,
    NotYours,
    OutOfReach,
)
from approvals.operations.setting import (
    ANOTHER_ADMIN,
    CLOSED_PERIOD,
    MANAGER,
    MAPS,
    MONEY,
    NOBODY,
    begin_with,
    propose_policy,
)
from approvals.operations.watching import watch

__all__ = [
    "ANOTHER_ADMIN",
    "CLOSED_PERIOD",
    "MANAGER",
    "MAPS",
    "MONEY",
    "NOBODY",
    "MOST_AT_ONCE",
    "ApprovalRefused",
    "Changed",
    "Decided",
    "NeedsProof",
    "NotYours",
    "OutOfReach",
    "Outcome",
    "amend",
    "ask",
    "begin_with",
    "comment",
    "decide",
    "decide_each",
    "delegate",
    "propose_policy",
    "review",
    "take_back",
    "watch",
    "withdraw",
]
