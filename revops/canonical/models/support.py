"""Cases of the support desk."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record, late
from revops.canonical.models.customers import Customer
from revops.canonical.models.invoices import Invoice


class SupportCaseState(models.TextChoices):
    OPEN = "open", "Open"
    ESCALATED = "escalated", "Escalated"
    RESOLVED = "resolved", "Resolved"


class SupportCase(Record):
    """
    ``customer_ref`` and ``invoice_ref`` are ids of any system. ``promise`` is one that broke.
    ``resolved_version`` and ``reopened_version`` are the versions that told so last: the newer one
    decides whether the case is resolved; ``resolved_on`` is null when it is not.
    """

    customer_ref = models.CharField(max_length=120, blank=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="support_cases", null=True
    )
    invoice_ref = models.CharField(max_length=120, blank=True)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="support_cases", null=True
    )
    title = models.TextField()
    severity = models.TextField(blank=True)
    status = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=SupportCaseState, default=SupportCaseState.OPEN)
    opened_on = models.DateField()
    escalated_on = models.DateField(null=True)
    resolved_on = models.DateField(null=True)
    resolution = models.TextField(blank=True)
    resolved_version = models.BigIntegerField(default=0)
    reopened_on = models.DateField(null=True)
    reopened_version = models.BigIntegerField(default=0)
    promise = models.TextField(blank=True)
    breached_on = models.DateField(null=True)

    class Meta(Record.Meta):
        indexes = [
            late("canonical_case_customer_late", "customer_ref", of="customer"),
            late("canonical_case_invoice_late", "invoice_ref", of="invoice"),
        ]

    def __str__(self) -> str:
        return self.title
