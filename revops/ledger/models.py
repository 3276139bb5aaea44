"""
Journal entries are facts: balanced at commit by the database, never updated, only reversed.

Amounts are signed minor units, debit positive; ``functional`` is in the entity's own currency.
The guards are in ``migrations/0002_guards.py``.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from revops.events.models import BusinessEvent
from revops.mappings.models import AccountingPeriod, LegalEntity


class JournalEntry(models.Model):
    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    period = models.ForeignKey(AccountingPeriod, on_delete=models.PROTECT, related_name="entries")
    lane = models.CharField(max_length=24, default="primary")
    document_type = models.CharField(max_length=24)
    business_key = models.CharField(max_length=240)
    revision = models.PositiveSmallIntegerField(default=1)
    accounting_date = models.DateField()
    currency = models.CharField(max_length=3)
    functional_currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    description = models.TextField()
    rule = models.CharField(max_length=40)
    mapping_version = models.BigIntegerField()
    content_sha256 = models.CharField(max_length=64)
    business_event = models.ForeignKey(
        BusinessEvent, on_delete=models.PROTECT, related_name="entries", null=True
    )
    record_kind = models.CharField(max_length=24, blank=True)
    record_id = models.BigIntegerField(null=True)
    reverses = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="reversals", null=True
    )
    correlation_id = models.CharField(max_length=64)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lane", "legal_entity", "document_type", "business_key", "revision"],
                name="ledger_entry_once",
            )
        ]
        indexes = [
            models.Index(fields=["record_kind", "record_id"], name="ledger_entry_record"),
            models.Index(fields=["correlation_id"], name="ledger_entry_story"),
            models.Index(fields=["-recorded_at", "-id"], name="ledger_entry_newest"),
        ]

    def __str__(self) -> str:
        return f"JE-{self.pk}"


class JournalLine(models.Model):
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveSmallIntegerField()
    account = models.CharField(max_length=24)
    amount = models.BigIntegerField()
    functional = models.BigIntegerField()
    memo = models.TextField(blank=True)
    source_line = models.CharField(max_length=120, blank=True)
    customer_ref = models.CharField(max_length=120, blank=True)
    tax_code = models.CharField(max_length=120, blank=True)
    service_start = models.DateField(null=True)
    service_end = models.DateField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="ledger_line_once"),
            models.CheckConstraint(
                condition=~Q(amount=0) & Q(amount__gt=-(10**15)) & Q(amount__lt=10**15),
                name="ledger_line_amount_sane",
            ),
        ]
        indexes = [models.Index(fields=["account", "entry"], name="ledger_line_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"


class RevenueSchedule(models.Model):
    """
    How a line's revenue is spread. Portions follow from these columns by cumulative rounding
    (accounting.md R1), so they are computed when needed; what has been recognised is stored.
    """

    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="schedules")
    business_key = models.CharField(max_length=240)
    line_id = models.CharField(max_length=120)
    sku = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    functional_currency = models.CharField(max_length=3)
    functional_total = models.BigIntegerField()
    service_start = models.DateField()
    service_end = models.DateField()
    convention = models.CharField(max_length=20)
    deferral_account = models.CharField(max_length=24)
    revenue_account = models.CharField(max_length=24)
    customer_ref = models.CharField(max_length=120, blank=True)
    mapping_version = models.BigIntegerField()
    stopped_on = models.DateField(null=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "business_key", "line_id"], name="ledger_schedule_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["legal_entity", "service_start", "service_end"], name="ledger_schedule_span"
            )
        ]

    def __str__(self) -> str:
        return f"{self.business_key} {self.line_id}"


class Recognition(models.Model):
    """One period's share of a schedule, processed. A share that rounds to zero has no entry."""

    schedule = models.ForeignKey(
        RevenueSchedule, on_delete=models.PROTECT, related_name="recognitions"
    )
    period_code = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    functional_amount = models.BigIntegerField()
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "period_code"], name="ledger_recognition_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.period_code}"
