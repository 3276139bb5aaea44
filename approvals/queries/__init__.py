"""Reading approvals: the ladder of a request, what waits for a person, who would be asked."""

from __future__ import annotations

from approvals.queries.ladder import Rung, ladder
from approvals.queries.rules import policy_of, terms_of, trial
from approvals.queries.standing import Standing, standing_of, waiting_for

__all__ = [
    "Rung",
    "Standing",
    "ladder",
    "policy_of",
    "standing_of",
    "terms_of",
    "trial",
    "waiting_for",
]
