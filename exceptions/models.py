"""
Cases: work for a person, with the money at stake.

One unresolved case exists per fingerprint, so a fault that repeats a thousand times raises
``occurrences`` and not a thousand rows. Cases with the same ``cause_key`` share a root and a fix.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.delivery.models import OutboundCommand
from revops.events.models import InboundEvent
from revops.mappings.models import LegalEntity


class CaseState(models.TextChoices):
    OPEN = "open", "Open"
    IN_DOUBT = "in_doubt", "In doubt"
    RETRYING = "retrying", "Retrying"
    RESOLVED = "resolved", "Resolved"


class Case(models.Model):
    kind = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    cause_key = models.CharField(max_length=64)
    cause = models.TextField()
    what_happened = models.TextField()
    state = models.CharField(max_length=12, choices=CaseState, default=CaseState.OPEN)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True
    )
    period_code = models.CharField(max_length=12, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    at_stake = models.BigIntegerField(null=True)
    path = models.CharField(max_length=120, blank=True)
    customer_name = models.TextField(blank=True)
    subject_label = models.CharField(max_length=240, blank=True)
    blocked_steps = models.JSONField(default=list)
    facts = models.JSONField(default=list)
    owner_team = models.CharField(max_length=40)
    occurrences = models.PositiveIntegerField(default=1)
    command = models.ForeignKey(
        OutboundCommand, on_delete=models.PROTECT, related_name="cases", null=True
    )
    inbound = models.ForeignKey(
        InboundEvent, on_delete=models.PROTECT, related_name="cases", null=True
    )
    record_kind = models.CharField(max_length=24, blank=True)
    record_id = models.BigIntegerField(null=True)
    connection_slug = models.CharField(max_length=60, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    opened_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    due_at = models.DateTimeField()
    checks_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=~Q(state="resolved"),
                name="exceptions_one_unresolved_per_fingerprint",
            ),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False)
                | (~Q(state="resolved") & Q(resolved_at__isnull=True)),
                name="exceptions_resolved_at_iff_resolved",
            ),
        ]
        indexes = [
            models.Index(
                fields=["cause_key", "opened_at"],
                name="exceptions_case_cause",
                condition=~Q(state="resolved"),
            ),
            models.Index(
                fields=["opened_at", "id"],
                name="exceptions_case_open",
                condition=~Q(state="resolved"),
            ),
            models.Index(fields=["command"], name="exceptions_case_command"),
        ]

    def __str__(self) -> str:
        return f"EXC-{self.pk}"


class CaseEntry(models.Model):
    """A line of a case's story: what the line found, what a person did. Only ever added."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="story")
    at = models.DateTimeField()
    tone = models.CharField(max_length=8, default="info")
    text = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", null=True)

    def __str__(self) -> str:
        return self.text
