"""
Canonical records: our copy of the business, written only by the line.

Amounts are minor units of the record's currency. ``version`` orders what the source said about the
record; ``rank`` breaks ties by how far along its life the record is.
"""

from __future__ import annotations

from django.db import models

from connectors.models import Connection
from revops.mappings.models import LegalEntity


class Kind(models.TextChoices):
    CUSTOMER = "customer", "Customer"
    SUBSCRIPTION = "subscription", "Subscription"
    INVOICE = "invoice", "Invoice"
    PAYMENT = "payment", "Payment"
    REFUND = "refund", "Refund"
    PAYOUT = "payout", "Payout"


class Record(models.Model):
    """What every canonical record has."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    source_id = models.CharField(max_length=120)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True
    )
    version = models.BigIntegerField(default=0)
    rank = models.SmallIntegerField(default=0)
    correlation_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "source_id"], name="%(app_label)s_%(class)s_once"
            )
        ]


class Customer(Record):
    name = models.TextField()
    email = models.TextField(blank=True)
    currency = models.CharField(max_length=3, blank=True)
    tax_id = models.CharField(max_length=2000, blank=True)
    address = models.JSONField(default=dict)

    def __str__(self) -> str:
        return self.name


class Subscription(Record):
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    currency = models.CharField(max_length=3)
    items = models.JSONField(default=list)
    started_on = models.DateField()
    renews_on = models.DateField(null=True)

    def __str__(self) -> str:
        return self.source_id


class InvoiceState(models.TextChoices):
    ISSUED = "issued", "Issued"
    PAID = "paid", "Paid"
    VOID = "void", "Void"


class Invoice(Record):
    number = models.CharField(max_length=2000)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="invoices", null=True
    )
    currency = models.CharField(max_length=3)
    issued_on = models.DateField()
    due_on = models.DateField(null=True)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    applied = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=InvoiceState, default=InvoiceState.ISSUED)
    content_sha256 = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField()
    line_id = models.CharField(max_length=120)
    sku = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=24, decimal_places=9)
    amount = models.BigIntegerField()
    taxes = models.JSONField(default=list)
    service_start = models.DateField(null=True)
    service_end = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="canonical_line_once")
        ]

    def __str__(self) -> str:
        return f"{self.sku} on {self.invoice_id}"


class PaymentState(models.TextChoices):
    APPLIED = "applied", "Applied"
    FAILED = "failed", "Failed"


class Payment(Record):
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="payments", null=True
    )
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    allocated = models.BigIntegerField(default=0)
    allocated_later = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    dated = models.DateField()
    state = models.CharField(max_length=12, choices=PaymentState)
    reason = models.TextField(blank=True)
    balance_transaction = models.CharField(max_length=120, blank=True)

    def __str__(self) -> str:
        return self.source_id


class Refund(Record):
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    dated = models.DateField()
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.source_id


class Payout(Record):
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    dated = models.DateField()
    items = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.source_id


class ExternalReference(models.Model):
    """A system's own id of one of our records; the find box looks here first."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
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
