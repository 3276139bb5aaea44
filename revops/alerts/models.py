"""
Rules, the alerts that they raised, and what was measured.

``threshold``, ``value`` and ``worst`` are in minor units of ``currency``, minutes, or a number, as
the rule's measure has it. No ``legal_entity`` is all of them.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import User
from revops.alerts.deciding import Quiet, Standing, Terms
from revops.mappings.models import LegalEntity


class Rule(models.Model):
    """
    A rule in force while ``on``. ``mail`` and ``chat`` say where it is told beside the console.
    From ``quiet_from`` until before ``quiet_until``, hours of its owner's zone, nobody is told.

    ``since``, ``untrue_since``, ``value`` and ``looked_at`` are the worker's: how it stands. A
    retired rule (``retired_at``) is off for good; it and its alerts stay, and its name is free.
    """

    name = models.CharField(max_length=120)
    measure = models.CharField(max_length=24)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    at_least = models.BooleanField(default=False)
    threshold = models.BigIntegerField()
    currency = models.CharField(max_length=3, blank=True)
    for_minutes = models.PositiveIntegerField(default=0)
    closes_within = models.PositiveSmallIntegerField(null=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    escalate_to = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    escalate_after = models.PositiveIntegerField(null=True)
    mail = models.BooleanField(default=True)
    chat = models.BooleanField(default=False)
    quiet_from = models.PositiveSmallIntegerField(null=True)
    quiet_until = models.PositiveSmallIntegerField(null=True)
    on = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    since = models.DateTimeField(null=True)
    untrue_since = models.DateTimeField(null=True)
    value = models.BigIntegerField(null=True)
    looked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "name"],
                name="alerts_rule_named_once",
                condition=Q(retired_at__isnull=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(on=False) | Q(retired_at__isnull=True), name="alerts_retired_is_off"
            ),
            models.CheckConstraint(
                condition=Q(escalate_to__isnull=True, escalate_after__isnull=True)
                | Q(escalate_to__isnull=False, escalate_after__gte=1),
                name="alerts_escalates_after_a_time",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | (Q(quiet_from__lte=23, quiet_until__lte=23) & ~Q(quiet_from=F("quiet_until"))),
                name="alerts_quiet_hours_of_a_day",
            ),
            models.CheckConstraint(condition=Q(threshold__gte=0), name="alerts_threshold_sane"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def terms(self) -> Terms:
        return Terms(
            measure=self.measure, entity_id=self.legal_entity_id, currency=self.currency,
            threshold=self.threshold, at_least=self.at_least, for_minutes=self.for_minutes,
            closes_within=self.closes_within,
        )  # fmt: skip

    @property
    def quiet(self) -> Quiet | None:
        if self.quiet_from is None or self.quiet_until is None:
            return None
        return Quiet(self.quiet_from, self.quiet_until, self.owner.zone)

    def standing(self, *, fired: bool) -> Standing:
        return Standing(self.since, fired=fired, untrue_since=self.untrue_since)


class State(models.TextChoices):
    """FIRING until somebody acknowledges it; ENDED when its rule holds no more."""

    FIRING = "firing", "Firing"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    ENDED = "ended", "Over"


class Alert(models.Model):
    """
    A rule that held long enough. ``began_at`` is since when it held, ``told_at`` when people were
    told, which quiet hours put off; ``escalated_at`` when somebody else was, for want of an
    acknowledgement. ``worst`` is the highest value since.
    """

    rule = models.ForeignKey(Rule, on_delete=models.PROTECT, related_name="alerts", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    state = models.CharField(max_length=12, choices=State, default=State.FIRING)
    sentence = models.TextField()
    currency = models.CharField(max_length=3, blank=True)
    value = models.BigIntegerField()
    worst = models.BigIntegerField()
    began_at = models.DateTimeField()
    fired_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    told = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    escalated_at = models.DateTimeField(null=True)
    escalated_to = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    note = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True)
    why_ended = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule"], condition=Q(ended_at__isnull=True), name="alerts_one_stands"
            ),
            models.CheckConstraint(
                condition=Q(state="ended", ended_at__isnull=False)
                | (~Q(state="ended") & Q(ended_at__isnull=True)),
                name="alerts_ended_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(state="acknowledged") | Q(acknowledged_by__isnull=False),
                name="alerts_acknowledged_by_somebody",
            ),
        ]
        indexes = [models.Index(fields=["rule", "-id"], name="alerts_of_rule")]

    def __str__(self) -> str:
        return f"ALT-{self.pk}"


class Sample(models.Model):
    """
    What a measure was at a full five minutes, by legal entity, period and currency. A legal entity
    without anything has a row with zero, so that a gap means that nobody measured.
    """

    measure = models.CharField(max_length=24)
    at = models.DateTimeField()
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.CASCADE, related_name="+", null=True, db_index=False
    )
    period_code = models.CharField(max_length=12, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    value = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "at", "legal_entity", "period_code", "currency"],
                name="alerts_sampled_once", nulls_distinct=False,
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.measure} at {self.at:%Y-%m-%d %H:%M}"
