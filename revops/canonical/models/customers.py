"""Customers: each as one, and each as a system knows it."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from revops.canonical.models.base import Record, late


class Party(models.Model):
    """
    A customer as one, whatever the number of systems and regions that know it.

    Its values are those of the owner of each field (``operations/golden.py``); what other systems
    say differently is drift. ``parent`` is the customer above it. A party that was merged away has
    no customers and names its survivor in ``merged_into``.
    """

    name = models.TextField()
    domain = models.TextField(blank=True)
    tax_id = models.TextField(blank=True)
    country = models.CharField(max_length=2, blank=True)
    region = models.TextField(blank=True)
    currency = models.CharField(max_length=3, blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, related_name="children", null=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="absorbed", null=True
    )
    health_score = models.DecimalField(max_digits=27, decimal_places=12, null=True)
    health_band = models.CharField(max_length=8, blank=True)
    health_on = models.DateField(null=True)
    health_reason = models.TextField(blank=True)
    renews_on = models.DateField(null=True)
    renewal_currency = models.CharField(max_length=3, blank=True)
    renewal_amount = models.BigIntegerField(null=True)
    renewal_probability = models.DecimalField(max_digits=27, decimal_places=12, null=True)
    renewal_risk = models.CharField(max_length=8, blank=True)
    forecast_on = models.DateField(null=True)
    milestone = models.TextField(blank=True)
    milestone_on = models.DateField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Customer(Record):
    """
    One system's account of a customer. ``parent`` and ``merged_into`` are of the same system.

    ``other_ids`` are [{"system", "id"}] under which other systems know it, as this one has noted.
    ``tax_key`` is ``country:tax id`` without spelling, to find equals; empty when one is unknown.
    """

    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="customers")
    name = models.TextField()
    email = models.TextField(blank=True)
    currency = models.CharField(max_length=3, blank=True)
    tax_id = models.CharField(max_length=2000, blank=True)
    tax_key = models.CharField(max_length=140, blank=True)
    address = models.JSONField(default=dict)
    domain = models.TextField(blank=True)
    region = models.TextField(blank=True)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, related_name="children", null=True)
    parent_ref = models.CharField(max_length=120, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="absorbed", null=True
    )
    merged_version = models.BigIntegerField(default=0)
    other_ids = models.JSONField(default=list)

    class Meta(Record.Meta):
        indexes = [
            models.Index(
                fields=["tax_key"], name="canonical_customer_tax", condition=~Q(tax_key="")
            ),
            late("canonical_customer_parent", "connection", "parent_ref", of="parent"),
            GinIndex(
                fields=["other_ids"], name="canonical_customer_others",
                opclasses=["jsonb_path_ops"],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.name
