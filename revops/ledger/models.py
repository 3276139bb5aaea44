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
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period = models.ForeignKey(AccountingPeriod, on_delete=models.PROTECT, related_name="entries")
    lane = models.CharField(max_length=24, default="primary")
    document_type = models.CharField(max_length=24)
    business_key = models.CharField(max_length=240)
    revision = models.PositiveSmallIntegerField(default=1)
    accounting_date = models.DateField()
    # The document's own day, where the entry is dated later: its period was closed.
    document_date = models.DateField(null=True)
    currency = models.CharField(max_length=3)
    functional_currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    description = models.TextField()
    rule = models.CharField(max_length=40)
    mapping_version = models.BigIntegerField()
    rate = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    rate_day = models.DateField(null=True)
    rate_source = models.CharField(max_length=120, blank=True, default="")
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
            models.Index(fields=["legal_entity", "accounting_date"], name="ledger_entry_dated"),
        ]

    def __str__(self) -> str:
        return f"JE-{self.pk}"


class JournalLine(models.Model):
    """
    ``item`` says what a balance consists of where an account is a list of open items: a customer's
    credit, a rated line that is not billed yet, a credit that was accrued (``ledger/items.py``).
    """

    entry = models.ForeignKey(
        JournalEntry, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
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
    item = models.CharField(max_length=240, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["entry", "position"], name="ledger_line_once"),
            models.CheckConstraint(
                condition=~Q(amount=0, functional=0)
                & Q(amount__gt=-(10**15))
                & Q(amount__lt=10**15),
                name="ledger_line_amount_sane",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "entry"], name="ledger_line_account"),
            models.Index(
                fields=["item", "account"], name="ledger_line_item", condition=~Q(item="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"


class StopReason(models.TextChoices):
    CHANGE = "change", "Changed"
    CREDIT = "credit", "Credited"
    PAUSE = "pause", "Paused"
    ENDED = "ended", "Service ended"
    VOID = "void", "Voided"


class RevenueSchedule(models.Model):
    """
    How a line's revenue is spread. Portions follow from these columns by cumulative rounding
    (accounting.md R1), so they are computed when needed; what has been recognised is stored.

    Schedules form chains: all of a subscription's, or of an invoice line's. A change on a day stops
    the standing schedule (``stopped_on`` is the first day that it no longer covers) and makes its
    ``successor`` of what was left (``carried``) and of what the change brought; when it took all
    that was left, there is none and that was ``given_up``. ``part`` tells the schedules of one line
    apart. ``due_from`` is the first day not yet looked at by recognition;
    none when all of it has been.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="schedules")
    business_key = models.CharField(max_length=240)
    line_id = models.CharField(max_length=120)
    part = models.PositiveSmallIntegerField(default=1)
    chain = models.CharField(max_length=240, default="")
    sku = models.CharField(max_length=120)
    currency = models.CharField(max_length=3)
    total = models.BigIntegerField()
    functional_currency = models.CharField(max_length=3)
    functional_total = models.BigIntegerField()
    carried = models.BigIntegerField(default=0)
    carried_functional = models.BigIntegerField(default=0)
    given_up = models.BigIntegerField(default=0)
    given_up_functional = models.BigIntegerField(default=0)
    service_start = models.DateField()
    service_end = models.DateField()
    convention = models.CharField(max_length=20)
    deferral_account = models.CharField(max_length=24)
    revenue_account = models.CharField(max_length=24)
    customer_ref = models.CharField(max_length=120, blank=True)
    mapping_version = models.BigIntegerField()
    stopped_on = models.DateField(null=True)
    stop_reason = models.CharField(max_length=12, choices=StopReason, blank=True, default="")
    successor = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="predecessors", null=True
    )
    due_from = models.DateField(null=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "business_key", "line_id", "part"],
                name="ledger_schedule_once",
            ),
            models.CheckConstraint(
                condition=Q(successor__isnull=True) | Q(stopped_on__isnull=False),
                name="ledger_schedule_stops_first",
            ),
        ]
        indexes = [
            models.Index(
                fields=["legal_entity", "service_start", "service_end"], name="ledger_schedule_span"
            ),
            models.Index(fields=["chain"], name="ledger_schedule_chain"),
            models.Index(
                fields=["legal_entity", "due_from"], name="ledger_schedule_due",
                condition=Q(due_from__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.business_key} {self.line_id}"


class Recognition(models.Model):
    """
    What was processed of a period's share of a schedule. The sum over the revisions is what has
    been recognised; a later revision corrects it. A share of zero has no entry.
    """

    schedule = models.ForeignKey(
        RevenueSchedule, on_delete=models.PROTECT, related_name="recognitions", db_index=False
    )
    period_code = models.CharField(max_length=12)
    revision = models.PositiveSmallIntegerField(default=1)
    amount = models.BigIntegerField()
    functional_amount = models.BigIntegerField()
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="+", null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "period_code", "revision"], name="ledger_recognition_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.schedule_id} {self.period_code}"


class GivenBack(models.Model):
    """
    What of an invoice line, or of one tax on it, has been given back: never more than was charged
    (accounting.md I9). ``tax_code`` is blank for the net amount.
    """

    legal_entity = models.ForeignKey(LegalEntity, on_delete=models.PROTECT, related_name="+")
    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="given_back")
    invoice_key = models.CharField(max_length=240)
    line_id = models.CharField(max_length=120)
    tax_code = models.CharField(max_length=120, blank=True)
    amount = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["invoice_key"], name="ledger_given_back_invoice")]

    def __str__(self) -> str:
        return f"{self.invoice_key} {self.line_id} {self.tax_code}".strip()
