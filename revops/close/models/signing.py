"""Names under a close, and what was let pass for them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.mappings.models import LegalEntity


class SignRole(models.TextChoices):
    PREPARER = "preparer", "Preparer"
    REVIEWER = "reviewer", "Reviewer"


class PeriodSignOff(models.Model):
    """
    A name under the close of a period. ``evidence`` is the digest of everything that was tested
    and booked then, ``told`` its figures. It suspends itself when that changes or the period is
    opened again; then somebody signs anew. Only the suspension is ever written later.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    role = models.CharField(max_length=8, choices=SignRole)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    evidence = models.CharField(max_length=64)
    told = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    suspended_at = models.DateTimeField(null=True)
    suspended_why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "period_code", "role"],
                condition=Q(suspended_at__isnull=True),
                name="close_signed_once",
            )
        ]
        indexes = [models.Index(fields=["legal_entity", "period_code"], name="close_signed_of")]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.legal_entity} {self.period_code}"


class Waiver(models.Model):
    """
    A test that may stay untrue in one close, agreed to by others (``approval``). It holds for at
    most ``open`` items and the ``money`` (minor units by currency) that were known when it was
    asked for: what comes on top needs another one.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    test = models.CharField(max_length=24)
    open = models.PositiveIntegerField()
    money = models.JSONField(default=dict)
    reason = models.TextField()
    approval = models.BigIntegerField()
    asked_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["legal_entity", "period_code"], name="close_waiver_of")]

    def __str__(self) -> str:
        return f"{self.test} of {self.legal_entity} {self.period_code}"
