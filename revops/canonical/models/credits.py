"""Credits, from a request to a memo and its use."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record, late
from revops.canonical.models.customers import Customer
from revops.canonical.models.invoices import Invoice
from revops.canonical.models.support import SupportCase


class CreditState(models.TextChoices):
    REQUESTED = "requested", "Requested"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    ISSUED = "issued", "Issued"
    VOID = "void", "Void"


class Credit(Record):
    """
    A request (``net`` is what was asked for) or a memo (``net`` + ``tax`` = ``total``).

    ``lines`` are [{"line_id", "invoice_line_id", "sku", "amount", "taxes", "service_period"}].
    ``applied`` of a balance has settled invoices. ``request`` is the request that a memo fulfils.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="credits")
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="credits", null=True
    )
    number = models.TextField(blank=True)
    credit_type = models.CharField(max_length=24)
    settles = models.CharField(max_length=12, blank=True)
    currency = models.CharField(max_length=3)
    net = models.BigIntegerField()
    tax = models.BigIntegerField(default=0)
    total = models.BigIntegerField()
    applied = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=CreditState)
    requested_on = models.DateField(null=True)
    entitled_on = models.DateField(null=True)
    decided_on = models.DateField(null=True)
    decided_by = models.TextField(blank=True)
    issued_on = models.DateField(null=True)
    effective_on = models.DateField(null=True)
    voided_on = models.DateField(null=True)
    reason = models.TextField(blank=True)
    case_ref = models.CharField(max_length=120, blank=True)
    support_case = models.ForeignKey(
        SupportCase, on_delete=models.PROTECT, related_name="credits", null=True
    )
    request_ref = models.CharField(max_length=120, blank=True)
    request = models.ForeignKey("self", on_delete=models.PROTECT, related_name="memos", null=True)

    class Meta(Record.Meta):
        indexes = [
            late("canonical_credit_case_late", "case_ref", of="support_case"),
            late("canonical_credit_request_late", "request_ref", of="request"),
        ]

    def __str__(self) -> str:
        return self.number or self.source_id


class CreditApplication(models.Model):
    """A part of a customer's balance that settled an invoice."""

    credit = models.ForeignKey(
        Credit, on_delete=models.PROTECT, related_name="applications", db_index=False
    )
    application_id = models.CharField(max_length=120)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="credit_applications"
    )
    amount = models.BigIntegerField()
    applied_on = models.DateField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["credit", "application_id"], name="canonical_application_once"
            )
        ]

    def __str__(self) -> str:
        return self.application_id
