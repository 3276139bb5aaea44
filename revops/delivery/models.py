"""
Outbound commands, their attempts, and the gate of each connection.

All due times are the database's clock. ``next_at`` is when a command needs attention next: due
time, end of settle window, or end of the lease of whoever works on it.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from connectors.contract import Outcome
from connectors.models import Connection
from revops.delivery.decide import LIVE, State
from revops.mappings.models import LegalEntity


class OutboundCommand(models.Model):
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    lane = models.CharField(max_length=24, default="primary")
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    document_type = models.CharField(max_length=24)
    business_key = models.CharField(max_length=240)
    revision = models.PositiveSmallIntegerField(default=1)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=40)
    payload = models.TextField()
    payload_sha256 = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=24)
    subject_id = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    period_code = models.CharField(max_length=12, blank=True)
    state = models.CharField(max_length=12, choices=[(state.value, state.value) for state in State])
    fence = models.BigIntegerField(default=0)
    next_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    crash_count = models.PositiveSmallIntegerField(default=0)
    unknown_since = models.DateTimeField(null=True)
    settle_until = models.DateTimeField(null=True)
    drafted_id = models.CharField(max_length=120, blank=True)
    external_id = models.CharField(max_length=120, null=True)
    external_number = models.CharField(max_length=120, blank=True)
    code = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    correlation_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lane", "legal_entity", "document_type", "business_key", "revision"],
                name="delivery_command_once",
            ),
            # One document proves one posting. A record that is kept up to date (an account of a
            # CRM) is named by every command that told it something.
            models.UniqueConstraint(
                fields=["connection", "external_id"],
                name="delivery_external_once",
                condition=Q(kind__endswith=".post") | Q(kind__endswith=".create"),
            ),
            models.CheckConstraint(
                condition=~Q(state=State.POSTED.value) | Q(external_id__isnull=False),
                name="delivery_posted_has_proof",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "next_at", "id"],
                name="delivery_command_due",
                condition=Q(state__in=[state.value for state in LIVE]),
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="delivery_command_subject"),
            models.Index(fields=["key"], name="delivery_command_key"),
        ]

    def __str__(self) -> str:
        return f"CMD-{self.pk}"


class AttemptKind(models.TextChoices):
    SEND = "send", "Sent"
    READ = "read", "Asked"


class Attempt(models.Model):
    """
    One call to a target. The row of a send is written before the first byte leaves; its outcome is
    filled in once and then never changes (``migrations/0002_guards.py``).
    """

    command = models.ForeignKey(
        OutboundCommand, on_delete=models.PROTECT, related_name="history", db_index=False
    )
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=4, choices=AttemptKind)
    fence = models.BigIntegerField()
    intent_at = models.DateTimeField()
    settle_until = models.DateTimeField(null=True)
    request_sha256 = models.CharField(max_length=64)
    outcome = models.CharField(
        max_length=12, null=True, choices=[(outcome.value, outcome.value) for outcome in Outcome]
    )
    http_status = models.PositiveSmallIntegerField(null=True)
    reason = models.TextField(blank=True)
    excerpt = models.TextField(blank=True)
    # What was said and answered, masked before it is kept (``connectors.excerpts``): of a call that
    # carried several commands, with the last of them.
    wire = models.TextField(blank=True, db_default="")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["command", "number"], name="delivery_attempt_once")
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of CMD-{self.command_id}"


class Gate(models.Model):
    """What may be sent to a connection now: breaker, throttle, window, pause, and who drains it."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="gate"
    )
    breaker = models.CharField(max_length=10, default="closed")
    opened_at = models.DateTimeField(null=True)
    retry_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    trips = models.PositiveIntegerField(default=0)
    story = models.TextField(blank=True)
    not_before = models.DateTimeField(null=True)
    slow_start = models.PositiveIntegerField(default=0)
    max_in_flight = models.PositiveIntegerField(default=4)
    rate = models.PositiveIntegerField(default=0)
    tokens = models.PositiveIntegerField(default=0)
    tokens_at = models.DateTimeField(null=True)
    window_from = models.DateTimeField(null=True)
    window_to = models.DateTimeField(null=True)
    window_note = models.TextField(blank=True)
    paused_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    paused_by = models.CharField(max_length=120, blank=True)
    pause_reason = models.TextField(blank=True)
    drainer = models.CharField(max_length=80, blank=True)
    drain_until = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    # Where messages go when sending has been stopped for so many minutes; how many went there since
    # it stopped, and when the latest did.
    fallback = models.ForeignKey(
        Connection, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    fallback_after = models.PositiveSmallIntegerField(default=15, db_default=15)
    fallback_count = models.PositiveIntegerField(default=0, db_default=0)
    fallback_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"gate of {self.connection_id}"


class WeeklyWindow(models.Model):
    """A maintenance window that comes each week, as ``weekly.Weekly`` says; ``day`` 0 is Monday."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="weekly_windows", db_index=False
    )
    day = models.PositiveSmallIntegerField()
    starts = models.TimeField()
    minutes = models.PositiveSmallIntegerField()
    zone = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    announced_by = models.CharField(max_length=120)
    announced_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "day", "starts", "zone"], name="delivery_weekly_once"
            ),
            models.CheckConstraint(
                condition=Q(day__lte=6) & Q(minutes__gte=1) & Q(minutes__lte=1440),
                name="delivery_weekly_within_a_week",
            ),
        ]

    def __str__(self) -> str:
        return f"weekly window of {self.connection_id}"
