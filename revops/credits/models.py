"""
Requests for credits, what became of each, what plans promise, and the rules that raise requests by
themselves. Amounts are minor units of the request's currency, before tax.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from connectors.models import Connection
from revops.canonical.models import Credit, Customer, Invoice, SupportCase
from revops.credits import life
from revops.mappings.models import LegalEntity


class Promise(models.Model):
    """
    What a plan promises, and what its breach gives, on the days of ``valid``.

    ``plan`` is a SKU that is billed or a feature that a customer is entitled to; ``promise`` is
    what the support desk calls it (``availability``); a blank ``severity`` is any. ``gives`` is in
    hundredths of a percent of the month's fee, ``most`` of a term's twelve fees. No legal entity:
    all of them.

    A change is another row from a day on, with the next ``number``; ``request_id`` is the approval
    that agreed to it, None for what an installation began with.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True
    )
    label = models.CharField(max_length=120)
    plan = models.CharField(max_length=120)
    promise = models.CharField(max_length=60)
    severity = models.CharField(max_length=40, blank=True)
    target = models.CharField(max_length=120)
    gives = models.PositiveIntegerField()
    most = models.PositiveIntegerField()
    valid = DateRangeField()
    number = models.PositiveIntegerField(default=1)
    note = models.CharField(max_length=300, blank=True)
    made_by = models.CharField(max_length=120, blank=True)
    request_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="credits_promise_once",
                expressions=[
                    (Coalesce(F("legal_entity"), 0), RangeOperators.EQUAL),
                    ("plan", RangeOperators.EQUAL),
                    ("promise", RangeOperators.EQUAL),
                    ("severity", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(gives__gte=1, gives__lte=10_000, most__lte=10_000),
                name="credits_promise_sane",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class On(models.TextChoices):
    BREACHED = "breached", "A promise was broken"
    RESOLVED = "resolved", "The case was resolved"


class Rule(models.Model):
    """
    Raises a provisional credit from a support case, once for each case. No ``severities`` or
    ``promise``: any. ``sends``: it asks for approval at once; otherwise a person sends it. Changes
    are further rows, as of promises.
    """

    name = models.CharField(max_length=120)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True
    )
    on = models.CharField(max_length=12, choices=On, default=On.BREACHED)
    severities = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    promise = models.CharField(max_length=60, blank=True)
    reason_code = models.CharField(max_length=40, choices=list(life.REASONS.items()))
    sends = models.BooleanField(default=False)
    keeps_days = models.PositiveSmallIntegerField(default=30)
    valid = DateRangeField()
    number = models.PositiveIntegerField(default=1)
    note = models.CharField(max_length=300, blank=True)
    made_by = models.CharField(max_length=120, blank=True)
    request_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="credits_rule_once",
                expressions=[
                    ("name", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            )
        ]

    def __str__(self) -> str:
        return self.name


class ServiceCredit(models.Model):
    """
    A request. ``customer`` is the billing system's account, on whose ``connection`` all is told.
    ``proposed`` and ``maximum`` are what policy said when it was sent; ``beyond`` says why it is an
    exception, blank when it is none. ``told_at`` is the newest event's instant, so that events of
    one request never share a second. ``expected_tax`` is an estimate; billing decides.

    ``record`` is our canonical request, ``memo`` the credit memo that fulfilled it, ``posted_at``
    when every ERP held it.

    ``reversing``: taking it back is asked for or agreed; ``reversal_id`` is its newest approval.
    """

    state = models.CharField(max_length=12, choices=list(life.STATES.items()), default=life.DRAFT)
    version = models.PositiveIntegerField(default=1)
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", null=True
    )
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="service_credits",
        null=True,
        db_index=False,
    )
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="service_credits", null=True
    )
    support_case = models.ForeignKey(
        SupportCase, on_delete=models.PROTECT, related_name="service_credits", null=True
    )
    ticket = models.CharField(max_length=120, blank=True)
    sought = models.CharField(max_length=200, blank=True)
    credit_type = models.CharField(max_length=24, default="sla_period")
    reason_code = models.CharField(max_length=40, default="uptime")
    currency = models.CharField(max_length=3, blank=True)
    amount = models.BigIntegerField(null=True)
    expected_tax = models.BigIntegerField(default=0)
    entitled_on = models.DateField(null=True)
    proposed = models.BigIntegerField(null=True)
    maximum = models.BigIntegerField(null=True)
    beyond = models.CharField(max_length=300, blank=True)
    asks_exception = models.BooleanField(default=False)
    saw_duplicates = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    provisional = models.BooleanField(default=False)
    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="credits", null=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    approval_id = models.BigIntegerField(null=True)
    decided_by = models.CharField(max_length=120, blank=True)
    answer = models.TextField(blank=True)
    record = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="+", null=True)
    memo = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="+", null=True)
    correlation_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    issued_at = models.DateTimeField(null=True)
    posted_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_on = models.DateField(null=True)
    told_at = models.DateTimeField(null=True)
    reversing = models.CharField(max_length=8, blank=True, choices=list(life.REVERSING.items()))
    reversal_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "support_case"],
                condition=Q(rule__isnull=False),
                name="credits_raised_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[life.DRAFT, life.WITHDRAWN, life.EXPIRED])
                | Q(
                    customer__isnull=False, invoice__isnull=False, amount__gt=0,
                    entitled_on__isnull=False,
                ),
                name="credits_complete_when_sent",
            ),
            models.CheckConstraint(
                condition=Q(rule__isnull=False) | Q(asked_by__isnull=False),
                name="credits_somebody_asked",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["-id", "asked_by"], name="credits_mine"),
            models.Index(fields=["customer", "-id"], name="credits_of_customer"),
            models.Index(
                fields=["state", "updated_at"],
                name="credits_moving",
                condition=Q(state__in=list(life.OPEN)),
            ),
            models.Index(
                fields=["issued_at"],
                name="credits_unposted",
                condition=Q(state=life.ISSUED, posted_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """What everybody calls it, and its id in the line."""
        return f"CR-{self.pk}"

    @property
    def reason_words(self) -> str:
        return life.REASONS[self.reason_code]


class Moment(models.Model):
    """A step in the life of a request; ``by`` is a person's name or the rule's. Never changed."""

    credit = models.ForeignKey(
        ServiceCredit, on_delete=models.PROTECT, related_name="moments", db_index=False
    )
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=list(life.STATES.items()))
    by = models.CharField(max_length=120, blank=True)
    text = models.TextField()

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["credit", "at"], name="credits_moments")]

    def __str__(self) -> str:
        return f"{self.credit}: {self.text}"
