"""A request, locked until the transaction ends."""

from __future__ import annotations

from approvals.models import ApprovalRequest
from approvals.operations.refusals import OutOfReach


def locked(request_id: int) -> ApprovalRequest:
    """Raises OutOfReach for what does not exist, which is all that an outsider learns."""
    found: ApprovalRequest | None = (
        ApprovalRequest.objects.select_for_update(of=("self",))
        .select_related("requested_by", "policy")
        .filter(pk=request_id)
        .first()
    )
    if found is None:
        raise OutOfReach(f"There is no request APR-{request_id}.")
    return found
