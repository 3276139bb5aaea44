"""Facts that only the books know."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record
from revops.canonical.models.invoices import Invoice


class AdjustmentType(models.TextChoices):
    REMITTANCE = "remittance", "Tax remitted"
    CREDIT_LOSS = "credit_loss", "Credit loss estimated"
    RECOVERY = "recovery", "Write-off recovered"


class Adjustment(Record):
    """
    ``code`` is a remittance's tax code; ``invoice`` the one that a recovery was for; ``note`` the
    period that was remitted, or the method of an estimate.
    """

    type = models.CharField(max_length=16, choices=AdjustmentType)
    code = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    dated = models.DateField()
    note = models.TextField(blank=True)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="recoveries", null=True
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "type", "source_id"], name="canonical_adjustment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.source_id}"
