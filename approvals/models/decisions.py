"""Who decided a request, and what was said beside it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from approvals.models.requests import ApprovalRequest


class Verdict(models.TextChoices):
    APPROVE = "approve", "Approved"
    SEND_BACK = "send_back", "Sent back"
    REJECT = "reject", "Rejected"


class Decision(models.Model):
    """
    What somebody decided about a step, once. ``requested_by`` is a copy, set by the database, so
    that a check can compare it. ``on_behalf`` is who handed their right over, ``sha256`` what the
    decider had before them.
    """

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    step = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField()
    verdict = models.CharField(max_length=12, choices=Verdict)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    on_behalf = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    sha256 = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "version", "step"], name="approvals_one_decision"
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("requested_by")), name="approvals_not_ones_own"
            ),
            models.CheckConstraint(
                condition=~Q(on_behalf=F("requested_by")), name="approvals_not_for_who_asked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request} step {self.step}: {self.verdict}"


class Comment(models.Model):
    """What somebody said beside a request."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.by} on {self.request}"
