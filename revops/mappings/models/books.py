"""
Configuration that moves money: effective-dated, versioned, frozen into every journal it shaped.

Validity is a half-open range of accounting dates; exclusion constraints forbid overlaps.
"""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models.functions import Now

from connectors.models import Connection


def never_overlaps(name: str, *fields: str) -> ExclusionConstraint:
    """At most one row for the same ``fields`` is valid on any day."""
    return ExclusionConstraint(
        name=name,
        expressions=[
            *((field, RangeOperators.EQUAL) for field in fields),
            ("valid", RangeOperators.OVERLAPS),
        ],
    )


class LateDocuments(models.TextChoices):
    """What happens to a document of a closed period: a person decides, or it moves on."""

    CASE = "case", "A person decides"
    NEXT_OPEN = "next_open", "First day of the next open period"


class LegalEntity(models.Model):
    """The company that owns the books."""

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    zone = models.CharField(max_length=64)
    functional_currency = models.CharField(max_length=3)
    calendar = models.CharField(max_length=12, default="monthly")
    late_documents = models.CharField(
        max_length=12, choices=LateDocuments, default=LateDocuments.CASE
    )

    def __str__(self) -> str:
        return self.name


class PeriodState(models.TextChoices):
    OPEN = "open", "Open"
    SOFT_CLOSED = "soft_closed", "Soft-closed"
    CLOSED = "closed", "Closed"


class AccountingPeriod(models.Model):
    """A row of an entity's calendar. Accounting periods are data, never calendar arithmetic."""

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="periods", db_index=False
    )
    code = models.CharField(max_length=12)
    starts = models.DateField()
    ends = models.DateField()
    state = models.CharField(max_length=12, choices=PeriodState, default=PeriodState.OPEN)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "code"], name="mappings_period_code_once"
            ),
            models.UniqueConstraint(
                fields=["legal_entity", "starts"], name="mappings_period_start_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ends__gte=models.F("starts")), name="mappings_period_forward"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.legal_entity} {self.code}"


class PeriodRun(models.Model):
    """
    What the end of a period was made of, by kind (``pipeline/period_end``). A run that changes
    nothing counts up ``times`` of the latest row; one that makes entries, or fails, is a new row.
    ``figures`` are what it looked at, by name; amounts in minor units of the entity's currency.
    """

    period = models.ForeignKey(
        AccountingPeriod, on_delete=models.PROTECT, related_name="runs", db_index=False
    )
    kind = models.CharField(max_length=24)
    state = models.CharField(
        max_length=8, choices=[("done", "Done"), ("failed", "Failed")], default="done"
    )
    entries = models.PositiveIntegerField(default=0)
    figures = models.JSONField(default=dict)
    note = models.TextField(blank=True)
    by = models.CharField(max_length=120)
    correlation_id = models.CharField(max_length=64)
    at = models.DateTimeField()
    latest_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1)

    class Meta:
        indexes = [models.Index(fields=["period", "kind", "-id"], name="mappings_run_latest")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.period}: {self.state}"


class LedgerAccount(models.Model):
    """An account of the chart, shared by all legal entities."""

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    monetary = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class MappingVersion(models.Model):
    """A state of all maps. Its number is frozen into the journals that it shaped."""

    note = models.CharField(max_length=300)
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"version {self.pk}: {self.note}"


class EffectiveDated(models.Model):
    """A map's row: valid on the days of a range, since a version."""

    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    valid = DateRangeField()
    version = models.ForeignKey(MappingVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class AccountMap(EffectiveDated):
    """Which account plays a role (``receivable``, ``tax_payable`` …) in an entity's books."""

    role = models.CharField(max_length=40)
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [never_overlaps("mappings_account_once", "legal_entity", "role")]

    def __str__(self) -> str:
        return f"{self.role} → {self.account}"


class Convention(models.TextChoices):
    DAILY = "daily", "By day"
    MONTH_EVEN = "month_even", "Evenly by period"
    MONTH_PRORATE_ENDS = "month_prorate_ends", "Evenly, ends by day"
    POINT_IN_TIME = "point_in_time", "At once"
    ON_USE = "on_use", "As it is used"


class SkuMap(EffectiveDated):
    """How a billing system's SKU (price, plan or product id) is accounted for."""

    sku = models.CharField(max_length=120)
    label = models.CharField(max_length=120, blank=True)
    revenue_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    deferral_account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    convention = models.CharField(max_length=20, choices=Convention, default=Convention.DAILY)

    class Meta:
        constraints = [never_overlaps("mappings_sku_once", "legal_entity", "sku")]

    def __str__(self) -> str:
        return f"{self.sku} → {self.revenue_account}"


class TaxMap(EffectiveDated):
    """The liability account of a tax code."""

    code = models.CharField(max_length=120)
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [never_overlaps("mappings_tax_once", "legal_entity", "code")]

    def __str__(self) -> str:
        return f"{self.code} → {self.account}"


class EntityMap(models.Model):
    """Whose books an event belongs to: a source's own hint, or its default when it is blank."""

    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    hint = models.CharField(max_length=120, blank=True)
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "hint"], name="mappings_entity_hint_once")
        ]

    def __str__(self) -> str:
        return f"{self.connection} “{self.hint}” → {self.legal_entity}"


class PostsAs(models.TextChoices):
    JOURNALS = "journals", "Journals"
    DOCUMENTS = "documents", "The ERP's own documents"


class ErpRoute(EffectiveDated):
    """
    Which connection keeps an entity's books. A lane is the book of record or a shadow of it.
    ``posts_as`` is how invoices, credit notes and payments go; everything else goes as journals.
    """

    lane = models.CharField(max_length=24, default="primary")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    posts_as = models.CharField(
        max_length=12, choices=PostsAs, default=PostsAs.JOURNALS, db_default="journals"
    )

    class Meta:
        constraints = [never_overlaps("mappings_route_once", "legal_entity", "lane")]

    def __str__(self) -> str:
        return f"{self.legal_entity} {self.lane} → {self.connection}"


class ExchangeRate(models.Model):
    """
    Units of ``quote`` for one unit of ``currency`` on a day, and who says so. Never edited: what is
    corrected is published again for the same day with the next ``revision``, and the newest one
    counts from then on. Entries keep the rate that they were made with.
    """

    currency = models.CharField(max_length=3)
    quote = models.CharField(max_length=3)
    day = models.DateField()
    revision = models.PositiveSmallIntegerField(default=1)
    rate = models.DecimalField(max_digits=24, decimal_places=12)
    source = models.CharField(max_length=60)
    published_by = models.CharField(max_length=120, default="")
    published_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "quote", "day", "revision"], name="mappings_rate_once"
            ),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="mappings_rate_positive"),
            models.CheckConstraint(
                condition=~models.Q(currency=models.F("quote")), name="mappings_rate_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency}/{self.quote} {self.day}: {self.rate}"


class RatePolicy(EffectiveDated):
    """
    Which rates an entity's books accept: not older than ``max_age_days`` (0: of the day itself);
    ``inverse`` also takes 1 ÷ the other direction; ``via`` also multiplies two rates through that
    currency. Without a row: seven days, neither.
    """

    max_age_days = models.PositiveSmallIntegerField(default=7)
    inverse = models.BooleanField(default=False)
    via = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints = [never_overlaps("mappings_rate_policy_once", "legal_entity")]

    def __str__(self) -> str:
        return f"{self.legal_entity}: rates of at most {self.max_age_days} days"


class OwnershipRule(models.Model):
    """
    The system of record of a record kind, or of one field of it, in one legal entity or in all.

    ``field`` is blank for the whole record, ``entity_code`` for every entity; the narrower rule
    wins. No ``owner`` means that the console itself owns it.
    """

    record_kind = models.CharField(max_length=24)
    field = models.CharField(max_length=40, blank=True)
    entity_code = models.CharField(max_length=24, blank=True)
    owner = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", null=True)
    valid = DateRangeField()
    version = models.ForeignKey(MappingVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [never_overlaps("mappings_owner_once", "record_kind", "field", "entity_code")]

    def __str__(self) -> str:
        return f"{self.record_kind}.{self.field or '*'} → {self.owner or 'console'}"
