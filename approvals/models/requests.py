"""What is asked for, its versions, and the ladder that each stands on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from approvals.models.policies import Policy
from revops.canonical.models import Party


class State(models.TextChoices):
    WAITING = "waiting", "Waiting for approval"
    SENT_BACK = "sent_back", "Sent back"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class ApprovalRequest(models.Model):
    """
    Something that somebody asks for. ``content`` is canonical JSON text, ``sha256`` its digest: who
    decides, decides about exactly that. ``version`` counts edits; an edit voids what was approved.

    ``amount`` is in minor units of ``currency``; ``functional`` and ``cumulative`` in minor units
    of ``functional_currency``, at the rate that was frozen when it was asked. ``rated`` is false
    when a rate was missing. ``cumulative`` is what else was asked for this customer in 30 days.
    """

    subject = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    entity = models.CharField(max_length=24, blank=True)
    customer = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    functional = models.BigIntegerField(null=True)
    functional_currency = models.CharField(max_length=3, blank=True)
    cumulative = models.BigIntegerField(default=0)
    rate = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    rate_day = models.DateField(null=True)
    rated = models.BooleanField(default=True)
    reason_code = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, related_name="requests")
    tier = models.PositiveSmallIntegerField()
    tier_why = models.CharField(max_length=200, blank=True)
    reauthenticate = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    rule = models.CharField(max_length=120, blank=True)
    requested_at = models.DateTimeField()
    versioned_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    position = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    sampled = models.BooleanField(default=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "subject_id"],
                condition=Q(state__in=["waiting", "sent_back"]),
                name="approvals_one_open_request",
            ),
            models.CheckConstraint(
                condition=Q(requested_by__isnull=False) | ~Q(rule=""),
                name="approvals_somebody_asked",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, state__in=["waiting", "sent_back"])
                | Q(
                    ended_at__isnull=False,
                    state__in=["approved", "rejected", "withdrawn", "expired"],
                ),
                name="approvals_ended_or_open",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="approvals_due", condition=Q(state="waiting")),
            models.Index(fields=["subject", "customer", "requested_at"], name="approvals_recent"),
            models.Index(fields=["state", "-id"], name="approvals_by_state"),
        ]

    def __str__(self) -> str:
        return f"APR-{self.pk}"


class Step(models.Model):
    """A step of a version's ladder; ``roles`` are those of which the decider needs one."""

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="ladder", db_index=False
    )
    version = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    roles = models.CharField(max_length=60)
    escalate_to = models.CharField(max_length=60, blank=True)
    due_days = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "version", "position"], name="approvals_step_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}, step {self.position}"


class Maker(models.Model):
    """Somebody who made what a request asks for, and so may never decide it. Never removed."""

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="makers", db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "user"], name="approvals_maker_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.why}"


class Edition(models.Model):
    """What a version of a request asked for; the newest one is the request's own content."""

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="editions", db_index=False
    )
    version = models.PositiveIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    tier = models.PositiveSmallIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["request", "version"], name="approvals_edition_once")
        ]

    def __str__(self) -> str:
        return f"{self.request}, version {self.version}"
