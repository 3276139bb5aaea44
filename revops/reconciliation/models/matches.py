"""What was paired by a rule for several rows or by a person, and half-done picks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.mappings.models import LegalEntity
from revops.reconciliation.models.rules import Rule
from revops.reconciliation.models.snapshots import Pair
from revops.reconciliation.reasons import label_of


class Match(models.Model):
    """
    Rows of both sides that belong together. Rows that agree one to one by their key need none: a
    match is kept where rules joined several, tolerated a difference, or a person decided.

    ``rule`` is what joined the rows, or suggested them to the person who did; ``reason`` is the
    code of what a difference is (rounding, fee, wire_fee, timing, other);
    ``made_by`` is None for a rule's; ``approval`` is the request of a difference that somebody else
    agreed to; ``expected_by`` the day by which a difference of timing should be gone. Released by a
    person, or by itself when one of its rows changed (``released_why``).
    """

    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="matches", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    currency = models.CharField(max_length=3)
    left_amount = models.BigIntegerField()
    right_amount = models.BigIntegerField()
    rule = models.ForeignKey(
        Rule, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    reason = models.CharField(max_length=24, blank=True)
    expected_by = models.DateField(null=True)
    approval = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    made_at = models.DateTimeField()
    released_at = models.DateTimeField(null=True)
    released_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    released_why = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["pair", "legal_entity", "period_code"],
                condition=Q(released_at__isnull=True),
                name="reconciliation_matches_stand",
            )
        ]

    def __str__(self) -> str:
        return f"Match {self.pk}"

    @property
    def word(self) -> str:
        """What its difference is, in words."""
        return label_of(self.reason)


class Side(models.TextChoices):
    LEFT = "left", "Left"
    RIGHT = "right", "Right"


class MatchItem(models.Model):
    """A row of a match: by its key, with the amount and day it had when it was matched."""

    match = models.ForeignKey(Match, on_delete=models.PROTECT, related_name="items")
    side = models.CharField(max_length=5, choices=Side)
    item_key = models.CharField(max_length=160)
    amount = models.BigIntegerField()
    dated = models.DateField()
    standing = models.BooleanField(default=True)
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "side", "item_key"], condition=Q(standing=True),
                name="reconciliation_item_matched_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.item_key


class Refusal(models.Model):
    """
    Rows that were suggested as one thing, and that somebody said are not: they are not suggested
    again. ``rule`` is the one that suggested them, None where none did; ``left`` and ``right`` are
    ids of rows, ``rows`` the digest of both.
    """

    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="+", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    left = models.JSONField()
    right = models.JSONField()
    rows = models.CharField(max_length=64)
    rule = models.ForeignKey(
        Rule, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "legal_entity", "rows"], name="reconciliation_refused_once"
            )
        ]

    def __str__(self) -> str:
        return f"Refusal {self.pk}"


class Draft(models.Model):
    """What one person has picked in the workbench and not matched yet: item keys by side."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="+", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    left = models.JSONField(default=list)
    right = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "pair", "legal_entity", "period_code"],
                name="reconciliation_draft_once",
            )
        ]

    def __str__(self) -> str:
        return f"Picks of {self.user}"
