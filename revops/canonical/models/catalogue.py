"""What is sold, and for how much, on which day."""

from __future__ import annotations

from django.db import models

from revops.canonical.models.base import Record, late


class Product(Record):
    name = models.TextField()
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Terms(models.Model):
    """
    How a price charges (contracts/catalogue.py). ``unit_price`` is in minor units and may be a
    fraction of one; ``tiers`` are [{"up_to", "unit_price", "flat_amount"}], the last one open.
    """

    currency = models.CharField(max_length=3)
    model = models.CharField(max_length=12)
    unit_price = models.DecimalField(max_digits=27, decimal_places=12)
    tiers = models.JSONField(default=list)
    package_size = models.DecimalField(max_digits=27, decimal_places=12)
    included = models.DecimalField(max_digits=27, decimal_places=12)
    meter = models.TextField(blank=True)
    interval_months = models.PositiveSmallIntegerField(default=1)
    active = models.BooleanField(default=True)

    class Meta:
        abstract = True


class Price(Terms, Record):
    """The price as its system last told it; what it was on a day is in its versions."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="prices", null=True)
    product_ref = models.CharField(max_length=120, blank=True)
    label = models.TextField(blank=True)
    valid_from = models.DateField(null=True)

    class Meta(Record.Meta):
        indexes = [late("canonical_price_product", "connection", "product_ref", of="product")]

    def __str__(self) -> str:
        return self.label or self.source_id


class PriceVersion(Terms):
    """
    The price from a day on, until the next version's day. Read it by ``queries.prices_on``.

    ``version`` is the source's: the latest one told for a day stands.
    """

    price = models.ForeignKey(
        Price, on_delete=models.PROTECT, related_name="versions", db_index=False
    )
    valid_from = models.DateField()
    version = models.BigIntegerField()
    event_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["price", "valid_from"], name="canonical_price_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.price_id} from {self.valid_from}"
