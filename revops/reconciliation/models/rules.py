"""How sides are matched: rules as data, in versions that somebody else agreed to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.mappings.models import LegalEntity


class RuleVersion(models.Model):
    """
    The rules of one check, from ``since`` on. A run keeps the version that it used. ``since`` is
    None while it is a draft; it comes into force by an approval and is never edited after.
    """

    check_slug = models.CharField(max_length=40)
    number = models.PositiveIntegerField()
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    made_at = models.DateTimeField()
    since = models.DateTimeField(null=True)
    approval = models.CharField(max_length=20, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["check_slug", "number"], name="reconciliation_rules_numbered"
            ),
            models.UniqueConstraint(
                fields=["check_slug"], condition=Q(since__isnull=True),
                name="reconciliation_one_draft_of_rules",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.check_slug} v{self.number}"


class Shape(models.TextChoices):
    ONE_TO_ONE = "1:1", "One to one"
    ONE_TO_MANY = "1:n", "One to many"
    MANY_TO_ONE = "n:1", "Many to one"


class Strength(models.TextChoices):
    """AUTOMATIC matches by itself; SUGGEST is confirmed by a person, each one."""

    AUTOMATIC = "automatic", "Automatic"
    SUGGEST = "suggest", "Suggest"


class Rule(models.Model):
    """
    One rule of a version, tried in the order of ``position``. ``keys`` are names of columns that
    must be equal on both sides (key, number, reference, group_key, party, amount, currency, dated);
    ``reference_in_text``: the right side's number stands in the left side's reference.

    Tolerances: ``amount_within`` minor units and ``per_mille`` of the left amount, whichever is
    less when both are given (0 both: exact); ``days_within`` between the two days.
    """

    version = models.ForeignKey(
        RuleVersion, on_delete=models.PROTECT, related_name="rules", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=120)
    strength = models.CharField(max_length=10, choices=Strength)
    shape = models.CharField(max_length=3, choices=Shape, default=Shape.ONE_TO_ONE)
    keys = models.JSONField(default=list)
    reference_in_text = models.BooleanField(default=False)
    amount_within = models.PositiveBigIntegerField(default=0)
    per_mille = models.PositiveSmallIntegerField(default=0)
    days_within = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=24, blank=True)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version", "position"], name="reconciliation_rule_in_order"
            )
        ]

    def __str__(self) -> str:
        return self.name
