"""
Usage, from the raw record to the billable line.

Raw records are only ever added. What is known of their customer may change, so a record never
says who pays: it belongs to a ``Stream`` (one meter of one customer, in a source's own words),
and days of streams are matched to subscriptions. Quantities are exact decimals, instants are UTC,
days and periods are those of the legal entity's zone.
"""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from connectors.models import Connection
from revops.canonical.models import Customer, Subscription
from revops.events.models import Channel
from revops.mappings.models import LegalEntity


class Stream(models.Model):
    """What a source calls one customer's (or subscription's) use of one meter."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    source = models.CharField(max_length=200)
    customer_ref = models.CharField(max_length=120, blank=True)
    subscription_ref = models.CharField(max_length=120, blank=True)
    meter = models.CharField(max_length=120)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "source", "customer_ref", "subscription_ref", "meter"],
                name="usage_stream_once",
            )
        ]
        indexes = [
            models.Index(fields=["customer_ref"], name="usage_stream_customer"),
            models.Index(fields=["subscription_ref"], name="usage_stream_subscription"),
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.subscription_ref or self.customer_ref}"


class Batch(models.Model):
    """
    Records that were stored in one transaction; ids of its new records are within
    ``first_id..last_id``. ``counted_at`` is when they were added to their days.
    """

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=8, choices=Channel)
    received_at = models.DateTimeField()
    accepted = models.PositiveIntegerField()
    duplicates = models.PositiveIntegerField()
    conflicts = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    first_id = models.BigIntegerField(null=True)
    last_id = models.BigIntegerField(null=True)
    first_used_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="usage_batch_uncounted", condition=Q(counted_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"USG-{self.pk}"


class Record(models.Model):
    """
    One raw record, never changed. The table is partitioned by the month of ``used_at``
    (``migrations/0001_initial.py``), so its real key is (id, used_at).
    """

    id = models.BigAutoField(primary_key=True)
    batch_id = models.BigIntegerField()
    stream_id = models.BigIntegerField()
    usage_id = models.CharField(max_length=120)
    quantity = models.DecimalField(max_digits=30, decimal_places=12)
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.usage_id


class RecordKey(models.Model):
    """
    What makes a record come in once: ``key`` is the digest of (connection, source, id),
    ``content`` that of what it says. Of all months together, as an id may come again with
    another time.
    """

    key = models.UUIDField(primary_key=True)
    content = models.UUIDField()
    record_id = models.BigIntegerField()
    used_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.key)


class Conflict(models.Model):
    """The same id again with other content: the first one counts, this one is kept beside it."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="conflicting")
    record_id = models.BigIntegerField()
    used_at = models.DateTimeField()
    usage_id = models.CharField(max_length=120)
    content = models.UUIDField()
    body = models.TextField()
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["record_id", "content"], name="usage_conflict_once")
        ]

    def __str__(self) -> str:
        return self.usage_id


class Refused(models.Model):
    """A record that cannot be read, as it came (its first 8,000 characters), and why."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="refusals")
    position = models.PositiveIntegerField()
    usage_id = models.CharField(max_length=120, blank=True)
    body = models.TextField()
    reason = models.CharField(max_length=300)

    def __str__(self) -> str:
        return self.reason


class DayTotal(models.Model):
    """
    What one stream used on one day. Without a subscription the day is unmatched, its day is UTC's
    and ``problem`` says why.
    """

    stream = models.ForeignKey(
        Stream, on_delete=models.PROTECT, related_name="days", db_index=False
    )
    day = models.DateField()
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    quantity = models.DecimalField(max_digits=30, decimal_places=12)
    records = models.BigIntegerField()
    last_used_at = models.DateTimeField()
    problem = models.CharField(max_length=16, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "day"], name="usage_day_once")]
        indexes = [
            models.Index(fields=["subscription", "day"], name="usage_day_subscription"),
            models.Index(
                fields=["stream"], name="usage_day_unmatched", condition=Q(subscription=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} on {self.day}"


class Account(models.Model):
    """
    One meter of one subscription: what has to be rated again, from which day on. ``problem`` is
    why it could not be rated.
    """

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    meter = models.CharField(max_length=120)
    dirty_from = models.DateField(null=True)
    rated_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subscription", "meter"], name="usage_account_once")
        ]
        indexes = [
            models.Index(
                fields=["id"], name="usage_account_dirty", condition=Q(dirty_from__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.meter} of {self.subscription}"


class LatePolicy(models.TextChoices):
    """Where usage goes that comes after its period was rated."""

    CURRENT = "current", "Current invoice"
    NEXT = "next", "Next invoice"
    ADJUSTMENT = "adjustment", "Adjustment"


class Calendar(models.TextChoices):
    MONTHS = "months", "Calendar months"
    ANNIVERSARY = "anniversary", "From the subscription's start"


class Policy(models.Model):
    """
    How a legal entity (or all, when null) treats a meter (or all, when blank); the narrower row
    wins, the meter before the entity; of several for the same, the latest that was valid on the day
    of the usage (``valid_from`` null is from ever). ``grace_days`` after its end a period is rated
    for good.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    meter = models.CharField(max_length=120, blank=True)
    late = models.CharField(max_length=12, choices=LatePolicy, default=LatePolicy.NEXT)
    calendar = models.CharField(max_length=12, choices=Calendar, default=Calendar.MONTHS)
    grace_days = models.PositiveSmallIntegerField(default=3)
    thresholds = ArrayField(models.DecimalField(max_digits=6, decimal_places=3))
    valid_from = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "meter", "valid_from"],
                name="usage_policy_once_a_day",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.meter or 'every meter'}: {self.late}"


class LineState(models.TextChoices):
    """RUNNING is rated again as usage comes; RATED is published and never changes again."""

    RUNNING = "running", "Running"
    RATED = "rated", "Rated"


class RatedLine(models.Model):
    """
    A billable line: what a subscription used of a meter in a stretch of one price, and what it
    costs. ``key`` names (subscription, meter, price, version, period); later revisions carry only
    their difference: quantity, charged, records and amount of all revisions add up to the whole.

    ``late_for`` names the period that usage belongs to, when the line is billed with another;
    ``prepaid`` of the amount is drawn from credits that were bought before (a final line only).
    ``steps`` is how the amount came: the whole period's table and the price as it was. ``paid_by``
    an invoice line: see ``queries.billed``.
    """

    key = models.CharField(max_length=40)
    revision = models.PositiveSmallIntegerField(default=1)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    meter = models.CharField(max_length=120)
    price_ref = models.CharField(max_length=120)
    price_since = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    period_start = models.DateField()
    period_end = models.DateField()
    used_from = models.DateField()
    used_to = models.DateField()
    late_for = models.CharField(max_length=40, blank=True)
    late_policy = models.CharField(max_length=12, choices=LatePolicy, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    quantity = models.DecimalField(max_digits=30, decimal_places=12)
    free = models.DecimalField(max_digits=30, decimal_places=12)
    charged = models.DecimalField(max_digits=30, decimal_places=12)
    records = models.BigIntegerField()
    amount = models.BigIntegerField()
    prepaid = models.BigIntegerField(default=0)
    terms = models.JSONField(default=dict)
    steps = models.JSONField(default=list)
    state = models.CharField(max_length=8, choices=LineState, default=LineState.RUNNING)
    rated_at = models.DateTimeField()
    correlation_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key", "revision"], name="usage_line_once"),
        ]
        indexes = [
            models.Index(
                fields=["subscription", "meter", "used_from"], name="usage_line_subscription"
            ),
            models.Index(fields=["legal_entity", "period_end"], name="usage_line_entity"),
            models.Index(
                fields=["period_end"], name="usage_line_running", condition=Q(state="running")
            ),
        ]

    def __str__(self) -> str:
        return self.line_id

    @property
    def line_id(self) -> str:
        """What ``usage.rated/1`` and an invoice line's ``usage_ref`` call it."""
        return f"{self.key}-{self.revision}"


class Crossing(models.Model):
    """A threshold was crossed, told once."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    meter = models.CharField(max_length=120)
    period_start = models.DateField()
    threshold = models.DecimalField(max_digits=6, decimal_places=3)
    used = models.DecimalField(max_digits=30, decimal_places=12)
    entitled = models.DecimalField(max_digits=30, decimal_places=12)
    crossed_on = models.DateField()
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "meter", "period_start", "threshold"],
                name="usage_crossing_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.threshold} of {self.meter}"
