"""What each system said, where they differ, and what changed. Values are JSON."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from connectors.models import Connection
from revops.mappings.models import LegalEntity


class ExternalReference(models.Model):
    """A system's own id of one of our records; the find box looks here first."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    type = models.CharField(max_length=40)
    external_id = models.CharField(max_length=200)
    record_kind = models.CharField(max_length=24)
    record_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "type", "external_id"], name="canonical_reference_once"
            )
        ]
        indexes = [
            models.Index(fields=["external_id"], name="canonical_reference_id"),
            models.Index(fields=["record_kind", "record_id"], name="canonical_reference_record"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.external_id}"


class Claim(models.Model):
    """
    What a connection says a field is, whether or not it owns the field.

    The record is the one that it says it about: a customer (its own row) or a contract.
    ``since`` is when it first said anything of the field, ``at`` when it said this value;
    ``event_id`` is the inbound event.
    """

    record_kind = models.CharField(max_length=24)
    record_id = models.BigIntegerField()
    field = models.CharField(max_length=40)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    source_id = models.CharField(max_length=120)
    value = models.JSONField(null=True)
    version = models.BigIntegerField()
    rank = models.SmallIntegerField(default=0)
    since = models.DateTimeField()
    at = models.DateTimeField()
    event_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record_kind", "record_id", "field", "connection", "source_id"],
                name="canonical_claim_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.record_kind} {self.record_id}.{self.field}"


class Drift(models.Model):
    """
    A field on which a system (``other``) differs from its owner; closed when they agree again.

    ``record_kind`` is ``party`` or ``contract``. ``agreed`` is what both said last before they
    parted (null when they never agreed). ``owner`` null is the console itself.
    """

    record_kind = models.CharField(max_length=24)
    record_id = models.BigIntegerField()
    field = models.CharField(max_length=40)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True
    )
    owner = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", null=True)
    other = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    other_source_id = models.CharField(max_length=120)
    money = models.BooleanField(default=False)
    agreed = models.JSONField(null=True)
    agreed_at = models.DateTimeField(null=True)
    agreed_event_id = models.BigIntegerField(null=True)
    owner_value = models.JSONField(null=True)
    owner_at = models.DateTimeField(null=True)
    owner_event_id = models.BigIntegerField(null=True)
    other_value = models.JSONField(null=True)
    other_at = models.DateTimeField()
    other_event_id = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record_kind", "record_id", "field", "other", "other_source_id"],
                condition=Q(closed_at__isnull=True),
                name="canonical_drift_open_once",
            )
        ]
        indexes = [
            models.Index(fields=["record_kind", "record_id"], name="canonical_drift_record"),
            models.Index(
                fields=["opened_at"], name="canonical_drift_open", condition=Q(closed_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_kind} {self.record_id}.{self.field}"


class RecordChange(models.Model):
    """
    A field of a record went from ``before`` to ``after``, by the meaning at ``position`` of an
    inbound event, or by a person (``by``).
    """

    record_kind = models.CharField(max_length=24)
    record_id = models.BigIntegerField()
    field = models.CharField(max_length=40)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    event_id = models.BigIntegerField(null=True)
    position = models.PositiveSmallIntegerField(default=0)
    by = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["record_kind", "record_id", "id"], name="canonical_change_record")
        ]

    def __str__(self) -> str:
        return f"{self.record_kind} {self.record_id}.{self.field}"
