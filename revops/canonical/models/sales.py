"""What sales promised. Items are [{"sku", "quantity", "unit_amount"}]."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record
from revops.canonical.models.customers import Customer


class OpportunityState(models.TextChoices):
    OPEN = "open", "Open"
    WON = "won", "Won"
    LOST = "lost", "Lost"


class Opportunity(Record):
    """``decided_on`` is the day it was won or lost."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="opportunities")
    name = models.TextField()
    stage = models.TextField()
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    closes_on = models.DateField(null=True)
    owner = models.TextField(blank=True)
    kind = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=OpportunityState, default=OpportunityState.OPEN)
    decided_on = models.DateField(null=True)
    items = models.JSONField(default=list)
    starts_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class Quote(Record):
    opportunity = models.ForeignKey(Opportunity, on_delete=models.PROTECT, related_name="quotes")
    number = models.TextField(blank=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    items = models.JSONField(default=list)
    accepted_on = models.DateField()

    def __str__(self) -> str:
        return self.number or self.source_id


class ContractState(models.TextChoices):
    ACTIVE = "active", "Active"
    CANCELLED = "cancelled", "Cancelled"


class Contract(Record):
    """
    The contract as it is now. ``effective_on`` is the first day of its latest terms; of a cancelled
    one, the first day without service. ``ends_on`` is its last day of service.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="contracts")
    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.PROTECT, related_name="contracts", null=True
    )
    number = models.TextField(blank=True)
    currency = models.CharField(max_length=3)
    items = models.JSONField(default=list)
    total = models.BigIntegerField()
    starts_on = models.DateField()
    ends_on = models.DateField()
    net_days = models.PositiveIntegerField(default=30)
    billing_months = models.PositiveIntegerField(default=12)
    signed_on = models.DateField(null=True)
    effective_on = models.DateField(null=True)
    state = models.CharField(max_length=12, choices=ContractState, default=ContractState.ACTIVE)
    reason = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.number or self.source_id
