"""Invoices with their lines, and what the tax engine holds for them."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record, late
from revops.canonical.models.customers import Customer
from revops.canonical.models.subscriptions import Subscription


class InvoiceState(models.TextChoices):
    ISSUED = "issued", "Issued"
    OVERDUE = "overdue", "Overdue"
    PAID = "paid", "Paid"
    WRITTEN_OFF = "written_off", "Written off"
    VOID = "void", "Void"


class Invoice(Record):
    """
    ``applied`` is what payments and customer balances have settled, ``credited`` what credit memos
    took off; what is open is the total without both. ``state`` is the furthest that was told.
    """

    number = models.CharField(max_length=2000)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="invoices")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="invoices", null=True
    )
    subscription_ref = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    issued_on = models.DateField()
    due_on = models.DateField(null=True)
    net = models.BigIntegerField()
    tax = models.BigIntegerField()
    total = models.BigIntegerField()
    applied = models.BigIntegerField(default=0)
    credited = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=InvoiceState, default=InvoiceState.ISSUED)
    content_sha256 = models.CharField(max_length=64)

    class Meta(Record.Meta):
        indexes = [
            late(
                "canonical_invoice_late", "connection", "subscription_ref", of="subscription"
            ),
            # Few are overdue at any time: what renewals are not paid is asked every five minutes.
            models.Index(
                fields=["subscription"], name="canonical_invoice_overdue",
                condition=models.Q(state="overdue"),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.number


class InvoiceLine(models.Model):
    """``usage_ref`` is the rated line that it bills; ``credited`` what credit memos took off it."""

    invoice = models.ForeignKey(
        Invoice, on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    line_id = models.CharField(max_length=120)
    sku = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=24, decimal_places=9)
    amount = models.BigIntegerField()
    taxes = models.JSONField(default=list)
    service_start = models.DateField(null=True)
    service_end = models.DateField(null=True)
    proration = models.BooleanField(default=False)
    usage_ref = models.CharField(max_length=120, blank=True)
    credited = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["invoice", "position"], name="canonical_line_once")
        ]
        indexes = [
            models.Index(
                fields=["usage_ref"], name="canonical_line_usage", condition=~models.Q(usage_ref="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.sku} on {self.invoice_id}"


class TaxDocument(Record):
    """What the tax engine calculated for an invoice; ``invoice_ref`` is the billing system's id."""

    invoice_ref = models.CharField(max_length=120)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="tax_documents", null=True
    )
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    taxes = models.JSONField(default=list)
    committed = models.BooleanField(default=False)
    calculated_on = models.DateField()

    class Meta(Record.Meta):
        indexes = [late("canonical_taxdocument_late", "invoice_ref", of="invoice")]

    def __str__(self) -> str:
        return self.source_id
