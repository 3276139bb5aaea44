"""Money received, contested, given back and paid out."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record, late
from revops.canonical.models.customers import Customer
from revops.canonical.models.invoices import Invoice


class PaymentState(models.TextChoices):
    FAILED = "failed", "Failed"
    APPLIED = "applied", "Applied"
    RETURNED = "returned", "Returned"


class Payment(Record):
    """
    ``allocated`` is the part that was owed on the invoice, ``allocated_later`` the part that became
    known to belong to one afterwards. ``returned`` came back unpaid, at ``returned_fee``.
    """

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="payments", null=True
    )
    invoice_ref = models.CharField(max_length=120, blank=True)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="payments", null=True
    )
    customer_ref = models.CharField(max_length=120, blank=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    allocated = models.BigIntegerField(default=0)
    allocated_later = models.BigIntegerField(default=0)
    fee = models.BigIntegerField(default=0)
    dated = models.DateField()
    state = models.CharField(max_length=12, choices=PaymentState)
    reason = models.TextField(blank=True)
    balance_transaction = models.CharField(max_length=120, blank=True)
    returned = models.BigIntegerField(default=0)
    returned_fee = models.BigIntegerField(default=0)
    returned_on = models.DateField(null=True)

    class Meta(Record.Meta):
        indexes = [
            late("canonical_payment_invoice_late", "connection", "invoice_ref", of="invoice"),
            late("canonical_payment_cust_late", "connection", "customer_ref", of="customer"),
            models.Index(
                fields=["invoice"],
                name="canonical_payment_bounced",
                condition=models.Q(state__in=["failed", "returned"]),
            ),
        ]

    def __str__(self) -> str:
        return self.source_id


class Refund(Record):
    """``returned_on``: the bank sent it back, and the customer is still owed it."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    dated = models.DateField()
    reason = models.TextField(blank=True)
    returned_on = models.DateField(null=True)

    def __str__(self) -> str:
        return self.source_id


class DisputeState(models.TextChoices):
    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class Dispute(Record):
    """The processor holds ``amount`` and ``fee`` while it is open."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField(default=0)
    fee_returned = models.BigIntegerField(default=0)
    opened_on = models.DateField()
    evidence_due_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=DisputeState, default=DisputeState.OPEN)
    reason = models.TextField(blank=True)
    service_ended = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.source_id


class PayoutState(models.TextChoices):
    SETTLED = "settled", "Settled"
    RETURNED = "returned", "Returned"


class Payout(Record):
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    dated = models.DateField()
    items = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=PayoutState, default=PayoutState.SETTLED)
    returned_on = models.DateField(null=True)
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.source_id
