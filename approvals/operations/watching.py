"""Time passes: what is late is escalated, what nobody decided expires. By the database's clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from approvals.models import ApprovalRequest, State
from approvals.operations import making
from approvals.operations.asking import end
from revops.audit.operations import record
from revops.kernel import clock

_MOST: Final = 200


@dataclass(frozen=True, slots=True)
class Watched:
    """How many were escalated, and how many expired."""

    escalated: int = 0
    expired: int = 0


def watch() -> Watched:
    """
    Escalate and expire what is due; run as often as one likes, by any number of processes at once.
    """
    return Watched(_escalate(), _expire())


def _escalate() -> int:
    with transaction.atomic():
        late = list(
            ApprovalRequest.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("requested_by")
            .filter(state=State.WAITING, due_at__lte=Now(), escalated_at__isnull=True)
            .order_by("due_at")[:_MOST]
        )
        for request in late:
            request.escalated_at = clock.now()
            request.save(update_fields=["escalated_at"])
            making.tell_deciders(request, "escalated", request.escalated_at)
    return len(late)


def _expire() -> int:
    with transaction.atomic():
        over = list(
            ApprovalRequest.objects.select_for_update(of=("self",), skip_locked=True)
            .filter(state__in=[State.WAITING, State.SENT_BACK], expires_at__lte=Now())
            .order_by("expires_at")[:_MOST]
        )
        for request in over:
            end(request, State.EXPIRED, "Nobody decided in time.", clock.now())
            making.subject_of(request).refused(request, making.content_of(request), "expired")
            making.tell_asker(request, "expired", f"{request.title} expired. Ask again if need be.")
            record(
                "approval.expired",
                by=making.actor(None),
                kind="approval",
                reference=str(request),
                label=request.title,
                entity=request.entity,
            )
    return len(over)
