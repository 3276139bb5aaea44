"""Which two sides are compared, and what a system itself lists."""

from __future__ import annotations

from django.db import models

from connectors.models import Connection
from revops.mappings.models import LegalEntity


class Pair(models.Model):
    """
    A check between two places: ``left`` and ``right`` are connections, or None for our own records.
    Made when a connection is configured whose connector can list what the check compares.

    ``lag_days`` is the 95th percentile of the days by which the right side follows the left, learnt
    from ``lag_sample`` pairs that agree; None as long as there are too few.
    """

    check_slug = models.CharField(max_length=40)
    left = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    right = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    enabled = models.BooleanField(default=True)
    lag_days = models.PositiveSmallIntegerField(null=True)
    lag_sample = models.PositiveIntegerField(default=0)
    lag_learnt_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["check_slug", "left", "right"],
                name="reconciliation_pair_once",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return self.check_slug


class LoadState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Load(models.Model):
    """
    One listing of one kind for a range of days, as the system gave it, or as a person's file did.

    ``totals`` are the control totals of the list itself: rows of entity (its code), currency,
    state, count and amount; ``sha256`` is that of all that was listed (``operations/holding.py``).
    ``changed`` counts rows that read differently than before, ``gone`` those no longer listed.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=24)
    starts = models.DateField()
    ends = models.DateField()
    state = models.CharField(max_length=8, choices=LoadState, default=LoadState.RUNNING)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    rows = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    gone = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=list)
    sha256 = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    by = models.CharField(max_length=120)

    class Meta:
        indexes = [
            models.Index(fields=["connection", "kind", "-id"], name="reconciliation_load_latest")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.starts} to {self.ends}"


class Holding(models.Model):
    """
    A document as a system last listed it. ``before`` is what it read until ``changed_in``;
    ``gone_in`` is the load that no longer listed it although its day was asked for.

    ``key`` is what both sides know it by; ``reference`` what else could name its counterpart (a
    payment's text, a payout's id); ``group_key`` what several rows share (the payout of payments).
    ``due`` and ``accounts`` as ``connectors.contract.SnapshotRow`` has them; NULL: not told.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=24)
    external_id = models.CharField(max_length=120)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    key = models.CharField(max_length=120)
    number = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=240, blank=True)
    group_key = models.CharField(max_length=120, blank=True)
    party = models.CharField(max_length=240, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    tax = models.BigIntegerField(null=True)
    due = models.BigIntegerField(null=True)
    accounts = models.JSONField(null=True)
    dated = models.DateField()
    state = models.CharField(max_length=24)
    first_in = models.ForeignKey(Load, on_delete=models.PROTECT, related_name="+", db_index=False)
    seen_in = models.ForeignKey(Load, on_delete=models.PROTECT, related_name="+", db_index=False)
    changed_in = models.ForeignKey(
        Load, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    gone_in = models.ForeignKey(
        Load, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    before = models.JSONField(null=True)
    touched_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind", "external_id"], name="reconciliation_holding_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["connection", "kind", "dated"], name="reconciliation_holding_days"
            ),
            # A run reads the keys of a list in their order, without its rows.
            models.Index(
                fields=["connection", "kind", "key"],
                include=["legal_entity", "dated", "gone_in"],
                name="reconciliation_holding_keys",
            ),
            models.Index(
                fields=["connection", "kind", "touched_at"], name="reconciliation_holding_changed"
            ),
            # Of most rows it is not known that they ever read differently.
            models.Index(
                fields=["connection", "kind", "external_id"],
                condition=models.Q(before__isnull=False),
                name="reconciliation_holding_edited",
            ),
            # Rows of one amount may be one thing under two keys.
            models.Index(
                fields=["connection", "kind", "amount"], name="reconciliation_holding_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.external_id}"
