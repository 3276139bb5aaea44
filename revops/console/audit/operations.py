"""What an auditor does on the pages of the trail."""

from __future__ import annotations

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import recorded
from revops.audit.verifying import Report
from revops.pipeline import evidence


@recorded
def verify(*, by: User) -> Report:
    """Verify the whole trail against its anchors, now. Raises NotAllowed."""
    by = authorize(by, "audit.verify")
    return evidence.verify(by=actor_of(by))
