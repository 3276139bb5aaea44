"""The ways in which an act on a request is refused. Every message is a sentence for the person."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.authority import NotAllowed, OutOfScope
from approvals.queries.differences import Difference


class ApprovalRefused(Exception):
    """It can't be done now; the message says why."""


class Decided(ApprovalRefused):
    """Somebody was first; the message names them."""


class Changed(ApprovalRefused):
    """The request was edited since the page was shown; ``differences`` say in what."""

    def __init__(self, message: str, differences: Sequence[Difference] = ()) -> None:
        super().__init__(message)
        self.differences = tuple(differences)


class NotYours(NotAllowed):
    """The person may not decide this one, for the reason given."""


class NeedsProof(ApprovalRefused):
    """A decision of this tier needs the person to prove themselves again."""


class OutOfReach(OutOfScope):
    """There is no such request, or none that the person may see: 404."""
