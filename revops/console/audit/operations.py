"""What an auditor does on the pages of the trail."""

from __future__ import annotations

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.keeping import verify_and_record
from revops.audit.operations import recorded
from revops.audit.verifying import Report


@recorded
def verify(*, by: User) -> Report:
    """Verify the whole trail against its anchors, now. Raises NotAllowed."""
    by = authorize(by, "audit.verify")
    return verify_and_record(by=actor_of(by))
