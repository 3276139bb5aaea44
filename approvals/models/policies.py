"""Who must agree to what, in which tier of an amount, and who decides in whose place."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q


class Policy(models.Model):
    """
    Who must agree, for a subject in a legal entity ("" is every one) and for a reason ("" is any),
    on the days of ``valid``. The narrowest one that fits counts. Rows are never edited: a change
    ends one and begins another, and is itself asked for (``request``); only the first policy of a
    subject needs nobody. ``number`` counts up within subject, entity and reason.
    """

    subject = models.CharField(max_length=40)
    entity = models.CharField(max_length=24, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    number = models.PositiveIntegerField(default=1)
    valid = DateRangeField()
    expires_days = models.PositiveSmallIntegerField(default=5)
    sample_percent = models.PositiveSmallIntegerField(default=10)
    note = models.CharField(max_length=300, blank=True)
    made_by = models.CharField(max_length=120)
    made_at = models.DateTimeField(auto_now_add=True)
    request = models.OneToOneField(
        "approvals.ApprovalRequest", on_delete=models.PROTECT, null=True, related_name="made_policy"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "entity", "reason", "number"],
                name="approvals_policy_number",
            ),
            ExclusionConstraint(
                name="approvals_policy_once",
                expressions=[
                    ("subject", RangeOperators.EQUAL),
                    ("entity", RangeOperators.EQUAL),
                    ("reason", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(expires_days__gte=1, sample_percent__lte=100),
                name="approvals_policy_sane",
            ),
        ]

    def __str__(self) -> str:
        where = self.entity or "all legal entities"
        return f"{self.subject}, {where}{f', {self.reason}' if self.reason else ''}"


class Tier(models.Model):
    """
    A tier of a policy: amounts to ``up_to`` whole units of the entity's functional currency (none:
    any amount). ``steps`` are the roles of each step, ``finance|manager`` where either will do;
    no steps: the policy itself says yes. ``due_days`` are working days for each step, after which
    ``escalate_to`` may decide too.
    """

    policy = models.ForeignKey(
        Policy, on_delete=models.PROTECT, related_name="tiers", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    up_to = models.BigIntegerField(null=True)
    steps = ArrayField(models.CharField(max_length=60), default=list)
    due_days = models.PositiveSmallIntegerField(default=1)
    escalate_to = models.CharField(max_length=60, blank=True)
    reauthenticate = models.BooleanField(default=False)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="approvals_tier_once"),
        ]

    def __str__(self) -> str:
        return f"tier {self.number}"


class Delegation(models.Model):
    """
    One person lets another decide in their place, from one instant to another. It hands on the
    giver's own rights alone, never rights that were handed to them, and the giver's conflicts.
    """

    giver = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    taker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    made_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="approvals_delegation_forward"
            ),
            models.CheckConstraint(
                condition=~Q(giver=F("taker")), name="approvals_delegation_of_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.taker} for {self.giver}"
