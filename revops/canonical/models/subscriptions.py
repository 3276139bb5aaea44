"""What a customer subscribes to and may use."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record, late
from revops.canonical.models.customers import Customer
from revops.canonical.models.sales import Contract


class SubscriptionState(models.TextChoices):
    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"
    CANCELLED = "cancelled", "Cancelled"


class Subscription(Record):
    """
    The subscription as it is from ``effective_on``. ``ends_on`` is its last day of service, once it
    is cancelled. ``contract_ref`` is the contract behind it by the CRM's id, and ``contract`` our
    record of it, as soon as both are known.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="subscriptions")
    currency = models.CharField(max_length=3)
    items = models.JSONField(default=list)
    started_on = models.DateField()
    renews_on = models.DateField(null=True)
    state = models.CharField(
        max_length=12, choices=SubscriptionState, default=SubscriptionState.ACTIVE
    )
    effective_on = models.DateField(null=True)
    resumes_on = models.DateField(null=True)
    ends_on = models.DateField(null=True)
    reason = models.TextField(blank=True)
    contract_ref = models.CharField(max_length=120, blank=True)
    contract = models.ForeignKey(
        Contract, on_delete=models.PROTECT, related_name="subscriptions", null=True
    )

    class Meta(Record.Meta):
        indexes = [late("canonical_subscription_late", "contract_ref", of="contract")]

    def __str__(self) -> str:
        return self.source_id


class EntitlementState(models.TextChoices):
    ACTIVE = "active", "Active"
    REVOKED = "revoked", "Revoked"


class Entitlement(Record):
    """
    What may be used, as it is from ``effective_on``. ``granted_on`` is the first day of all;
    ``ends_on`` the last day. ``quantity`` None is without limit.
    """

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="entitlements", db_index=False
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="entitlements", null=True
    )
    feature = models.TextField()
    quantity = models.DecimalField(max_digits=27, decimal_places=12, null=True)
    unit = models.TextField(blank=True)
    meter = models.TextField(blank=True)
    granted_on = models.DateField()
    effective_on = models.DateField()
    ends_on = models.DateField(null=True)
    state = models.CharField(
        max_length=12, choices=EntitlementState, default=EntitlementState.ACTIVE
    )
    reason = models.TextField(blank=True)

    class Meta(Record.Meta):
        indexes = [models.Index(fields=["customer", "meter"], name="canonical_entitlement_meter")]

    def __str__(self) -> str:
        return self.feature
