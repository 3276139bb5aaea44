"""What every canonical record has. Amounts are minor units of the record's currency."""

from __future__ import annotations

from django.db import models

from connectors.models import Connection
from revops.mappings.models import LegalEntity


class Kind(models.TextChoices):
    CUSTOMER = "customer", "Customer"
    PRODUCT = "product", "Product"
    PRICE = "price", "Price"
    OPPORTUNITY = "opportunity", "Opportunity"
    QUOTE = "quote", "Quote"
    CONTRACT = "contract", "Contract"
    SUBSCRIPTION = "subscription", "Subscription"
    ENTITLEMENT = "entitlement", "Entitlement"
    INVOICE = "invoice", "Invoice"
    TAX = "tax", "Tax document"
    PAYMENT = "payment", "Payment"
    REFUND = "refund", "Refund"
    DISPUTE = "dispute", "Dispute"
    PAYOUT = "payout", "Payout"
    CREDIT = "credit", "Credit"
    SUPPORT_CASE = "support_case", "Support case"
    REMITTANCE = "remittance", "Tax remittance"
    CREDIT_LOSS = "credit_loss", "Credit loss estimate"
    RECOVERY = "recovery", "Recovery"


def late(name: str, *fields: str, of: str) -> models.Index:
    """An index on the references that still wait for their record (``of``: the foreign key)."""
    return models.Index(
        fields=list(fields),
        name=name,
        condition=models.Q(**{f"{of}__isnull": True}) & ~models.Q(**{fields[-1]: ""}),
    )


class Record(models.Model):
    """
    A system's record: one row a connection and source id, written only by the line.

    ``version`` orders what the source said about the record, ``told_at`` (when it happened) and
    ``rank`` (how far along its life the record is) break ties. ``first_event_id`` is the inbound
    event that made it.
    """

    # An index that begins with it is below.
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source_id = models.CharField(max_length=120)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True
    )
    version = models.BigIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    rank = models.SmallIntegerField(default=0)
    correlation_id = models.CharField(max_length=64)
    first_event_id = models.BigIntegerField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "source_id"], name="%(app_label)s_%(class)s_once"
            )
        ]
