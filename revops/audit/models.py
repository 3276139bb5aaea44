"""
The chain. Rows are written by ``revops.audit.operations.record`` and never changed.

``seq``, ``ts``, ``salt``, ``detail_mac``, ``prev`` and ``hash`` are the database's: its trigger
(migration 0001) overwrites whatever an INSERT says of them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class Event(models.Model):
    """
    One act. ``detail`` is canonical JSON text with everything that may name a person: name, label,
    reason, ip, session, before, after. The hash covers its MAC under ``salt``, so that dropping
    detail and salt together erases it for good and leaves the chain whole; ``erased_by`` is then
    the act that did so.
    """

    seq = models.BigIntegerField(primary_key=True)
    ts = models.DateTimeField()
    actor = models.CharField(max_length=64)
    roles = models.CharField(max_length=200, blank=True)
    on_behalf = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    reference = models.CharField(max_length=200)
    entity = models.CharField(max_length=24, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    detail = models.TextField(null=True)
    salt = models.BinaryField(null=True)
    detail_mac = models.BinaryField()
    prev = models.BinaryField()
    hash = models.BinaryField(unique=True)
    erased_by = models.BigIntegerField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["actor", "-seq"], name="audit_event_by_actor"),
            models.Index(fields=["action", "-seq"], name="audit_event_by_action"),
            models.Index(fields=["kind", "reference", "-seq"], name="audit_event_by_object"),
            models.Index(fields=["ts"], name="audit_event_by_time"),
            models.Index(
                fields=["correlation_id"],
                name="audit_event_by_story",
                condition=~models.Q(correlation_id=""),
            ),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(detail__isnull=False, salt__isnull=False, erased_by__isnull=True)
                | models.Q(detail__isnull=True, salt__isnull=True, erased_by__isnull=False),
                name="audit_event_whole_or_erased",
            )
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"


class Head(models.Model):
    """The last link, in one row. Locking it makes writers wait for each other: no fork, no gap."""

    id = models.SmallIntegerField(primary_key=True)
    seq = models.BigIntegerField()
    hash = models.BinaryField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(id=1), name="audit_head_is_one_row")
        ]

    def __str__(self) -> str:
        return f"up to {self.seq}"


class Erasure(models.Model):
    """
    A person who is to be forgotten. ``terms`` are what stands for them, until it is over one way or
    the other; then nothing of them is left here. ``asked_by`` and ``agreed_by`` are actors' keys,
    ``request`` the approval's number, ``act`` the one that says what went. ``progress``: ``rows``
    and ``kept`` by column, columns that are ``over``, and the key ``after`` which the next begins.
    """

    class State(models.TextChoices):
        ASKED = "asked", "Waits for somebody else"
        AGREED = "agreed", "Being erased"
        DONE = "done", "Erased"
        REFUSED = "refused", "Not erased"

    terms = models.JSONField(null=True)
    reason = models.TextField()
    state = models.CharField(max_length=8, choices=State, default=State.ASKED)
    request = models.CharField(max_length=24, blank=True)
    asked_by = models.CharField(max_length=64)
    agreed_by = models.CharField(max_length=64, blank=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    progress = models.JSONField(default=dict)
    act = models.BigIntegerField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "agreed"], ended_at__isnull=True)
                | models.Q(state__in=["done", "refused"], terms__isnull=True),
                name="audit_erasure_is_forgotten_when_over",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["asked", "refused"])
                | ~models.Q(agreed_by__in=["", models.F("asked_by")]),
                name="audit_erasure_takes_two",
            ),
        ]

    def __str__(self) -> str:
        return f"ERA-{self.pk}"
