"""What happens to events that belong into a period that was signed."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from exceptions.models import Case
from revops.mappings.models import LegalEntity


class LateWay(models.TextChoices):
    """
    INCLUDE lets it into a period that is only closed softly; the names under it are given anew.
    NEXT_OPEN dates it into the next open period and keeps its own day. ACCRUE does so, too, and
    books what it earns in its own period there until then. REOPEN asks for the period.
    """

    INCLUDE = "include", "Include and sign again"
    NEXT_OPEN = "next_open", "Next open period, own day kept"
    ACCRUE = "accrue", "Accrue now and reverse, booked in the next open period"
    REOPEN = "reopen", "Ask to reopen the period"


class LatePolicy(models.Model):
    """
    What the policy proposes for a late event of at most ``up_to`` whole units of the functional
    currency (none: of any amount). The narrowest row counts; without one, inclusion is proposed
    while nothing is locked, the next open period after that.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    up_to = models.PositiveBigIntegerField(null=True)
    way = models.CharField(max_length=10, choices=LateWay)
    changed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "up_to"], name="close_late_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.legal_entity}: {self.way}"


class LateChoice(models.Model):
    """What somebody chose for a late event. ``proposed`` is what the policy said. Never changed."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    way = models.CharField(max_length=10, choices=LateWay)
    proposed = models.CharField(max_length=10, choices=LateWay)
    reason = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["legal_entity", "period_code"], name="close_late_of")]

    def __str__(self) -> str:
        return f"{self.case}: {self.way}"
