"""The inbox. Bodies are kept as they came, byte for byte, before anybody tries to read them."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from connectors.models import Connection


class InboxState(models.TextChoices):
    """
    RECEIVED waits for the line; PARKED waits for another record; the others are ends, of which
    QUARANTINED and POISON have an open case.
    """

    RECEIVED = "received", "Received"
    PROCESSED = "processed", "Processed"
    IGNORED = "ignored", "Ignored"
    PARKED = "parked", "Parked"
    QUARANTINED = "quarantined", "Quarantined"
    POISON = "poison", "Poison"


LIVE_INBOX = (InboxState.RECEIVED, InboxState.PARKED)


class Channel(models.TextChoices):
    WEBHOOK = "webhook", "Webhook"
    POLL = "poll", "Poll"
    API = "api", "API"
    FILE = "file", "File"


class InboundEvent(models.Model):
    """
    One delivery that a source identified, stored once whatever its channel.

    ``next_at`` is when the line looks at it next (a lease while someone works on it), ``fence``
    grows with every claim. ``waits_for`` names the record that a PARKED event needs; of a
    QUARANTINED one, the record whose trouble it shares.
    """

    # An index that begins with it is below.
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    account = models.CharField(max_length=120, blank=True)
    source_event_id = models.CharField(max_length=200)
    channel = models.CharField(max_length=8, choices=Channel)
    type = models.CharField(max_length=120)
    schema_version = models.CharField(max_length=40, blank=True)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=200, blank=True)
    object_version = models.BigIntegerField(default=0)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    body = models.BinaryField()
    body_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=InboxState, default=InboxState.RECEIVED)
    reason = models.TextField(blank=True)
    waits_for = models.CharField(max_length=200, blank=True)
    deadline_at = models.DateTimeField(null=True)
    deliveries = models.PositiveIntegerField(default=1)
    fence = models.BigIntegerField(default=0)
    next_at = models.DateTimeField()
    leased = models.BooleanField(default=False)
    crash_count = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "account", "source_event_id"], name="events_inbound_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["connection", "next_at", "id"],
                name="events_inbound_due",
                condition=Q(state__in=[state.value for state in LIVE_INBOX]),
            ),
            models.Index(
                fields=["waits_for"],
                name="events_inbound_waits",
                condition=Q(state__in=[InboxState.PARKED.value, InboxState.QUARANTINED.value]),
            ),
            models.Index(fields=["object_id"], name="events_inbound_object"),
            models.Index(fields=["source_event_id"], name="events_inbound_source"),
            models.Index(fields=["correlation_id"], name="events_inbound_story"),
            # Dead letters are few beside everything that ever came.
            models.Index(
                fields=["-id"],
                name="events_inbound_dead",
                condition=Q(state__in=[InboxState.QUARANTINED.value, InboxState.POISON.value]),
            ),
            # Events are stored as they come, so a few pages of it say where an hour begins.
            BrinIndex(fields=["received_at"], name="events_inbound_came", autosummarize=True),
        ]

    def __str__(self) -> str:
        return f"EVT-{self.pk}"


class EventConflict(models.Model):
    """The same event id came again with other content; the first one stands, both are kept."""

    event = models.ForeignKey(
        InboundEvent, on_delete=models.PROTECT, related_name="conflicts", db_index=False
    )
    body = models.BinaryField()
    body_sha256 = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event", "body_sha256"], name="events_conflict_once")
        ]

    def __str__(self) -> str:
        return f"conflict with EVT-{self.event_id}"


class BusinessEvent(models.Model):
    """An event of the published language: what an inbound event means, or what our books did."""

    inbound = models.ForeignKey(
        InboundEvent, on_delete=models.PROTECT, related_name="meanings", null=True, db_index=False
    )
    position = models.PositiveSmallIntegerField(default=0)
    contract = models.CharField(max_length=60)
    subject = models.CharField(max_length=24)
    subject_id = models.CharField(max_length=120)
    legal_entity = models.CharField(max_length=24, blank=True)
    data = models.TextField()
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    correlation_id = models.CharField(max_length=64)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inbound", "position"], name="events_meaning_once")
        ]
        indexes = [
            models.Index(fields=["subject", "subject_id"], name="events_meaning_subject"),
            models.Index(fields=["correlation_id"], name="events_meaning_story"),
        ]

    def __str__(self) -> str:
        return f"{self.contract} {self.subject_id}"


class SourceCursor(models.Model):
    """How far polling a connection has come, and when it is due again."""

    connection = models.OneToOneField(
        Connection, on_delete=models.CASCADE, primary_key=True, related_name="cursor"
    )
    cursor = models.TextField(blank=True)
    next_at = models.DateTimeField()
    fence = models.BigIntegerField(default=0)
    polled_at = models.DateTimeField(null=True)
    found = models.PositiveBigIntegerField(default=0)
    missed = models.PositiveBigIntegerField(default=0)
    problem = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"cursor of {self.connection_id}"
