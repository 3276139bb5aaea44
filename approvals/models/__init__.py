"""
Requests that need somebody else's yes, the ladder that each stands on, and who decided.

What the tables must never hold is refused by the database itself (``migrations/0002_guards``): a
decision by who asked or edited, a second one on a step, an approval nobody gave.
"""

from __future__ import annotations

from approvals.models.decisions import Comment, Decision, Verdict
from approvals.models.policies import Delegation, Policy, Tier
from approvals.models.requests import ApprovalRequest, Edition, Maker, State, Step

__all__ = [
    "ApprovalRequest",
    "Comment",
    "Decision",
    "Delegation",
    "Edition",
    "Maker",
    "Policy",
    "State",
    "Step",
    "Tier",
    "Verdict",
]
