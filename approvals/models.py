"""
Requests that need somebody else's yes, the ladder that each stands on, and who decided.

What the tables must never hold is refused by the database itself (``migrations/0002_guards``): a
decision by who asked or edited, a second one on a step, an approval nobody gave.
"""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

from revops.canonical.models import Party


class State(models.TextChoices):
    WAITING = "waiting", "Waiting for approval"
    SENT_BACK = "sent_back", "Sent back"
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class Verdict(models.TextChoices):
    APPROVE = "approve", "Approved"
    SEND_BACK = "send_back", "Sent back"
    REJECT = "reject", "Rejected"


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


class ApprovalRequest(models.Model):
    """
    Something that somebody asks for. ``content`` is canonical JSON text, ``sha256`` its digest: who
    decides, decides about exactly that. ``version`` counts edits; an edit voids what was approved.

    ``amount`` is in minor units of ``currency``; ``functional`` and ``cumulative`` in minor units
    of ``functional_currency``, at the rate that was frozen when it was asked. ``rated`` is false
    when a rate was missing. ``cumulative`` is what else was asked for this customer in 30 days.
    """

    subject = models.CharField(max_length=40)
    subject_id = models.CharField(max_length=80)
    title = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    entity = models.CharField(max_length=24, blank=True)
    customer = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    functional = models.BigIntegerField(null=True)
    functional_currency = models.CharField(max_length=3, blank=True)
    cumulative = models.BigIntegerField(default=0)
    rate = models.DecimalField(max_digits=24, decimal_places=12, null=True)
    rate_day = models.DateField(null=True)
    rated = models.BooleanField(default=True)
    reason_code = models.CharField(max_length=40, blank=True)
    note = models.TextField(blank=True)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, null=True, related_name="requests")
    tier = models.PositiveSmallIntegerField()
    tier_why = models.CharField(max_length=200, blank=True)
    reauthenticate = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    rule = models.CharField(max_length=120, blank=True)
    requested_at = models.DateTimeField()
    versioned_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State, default=State.WAITING)
    position = models.PositiveSmallIntegerField(default=1)
    due_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    outcome = models.TextField(blank=True)
    sampled = models.BooleanField(default=False)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "subject_id"],
                condition=Q(state__in=["waiting", "sent_back"]),
                name="approvals_one_open_request",
            ),
            models.CheckConstraint(
                condition=Q(requested_by__isnull=False) | ~Q(rule=""),
                name="approvals_somebody_asked",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, state__in=["waiting", "sent_back"])
                | Q(
                    ended_at__isnull=False,
                    state__in=["approved", "rejected", "withdrawn", "expired"],
                ),
                name="approvals_ended_or_open",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="approvals_due", condition=Q(state="waiting")),
            models.Index(fields=["subject", "customer", "requested_at"], name="approvals_recent"),
            models.Index(fields=["state", "-id"], name="approvals_by_state"),
        ]

    def __str__(self) -> str:
        return f"APR-{self.pk}"


class Step(models.Model):
    """A step of a version's ladder; ``roles`` are those of which the decider needs one."""

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="ladder", db_index=False
    )
    version = models.PositiveIntegerField()
    position = models.PositiveSmallIntegerField()
    roles = models.CharField(max_length=60)
    escalate_to = models.CharField(max_length=60, blank=True)
    due_days = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["version", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "version", "position"], name="approvals_step_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request}, step {self.position}"


class Decision(models.Model):
    """
    What somebody decided about a step, once. ``requested_by`` is a copy, set by the database, so
    that a check can compare it. ``on_behalf`` is who handed their right over, ``sha256`` what the
    decider had before them.
    """

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    step = models.PositiveSmallIntegerField()
    version = models.PositiveIntegerField()
    verdict = models.CharField(max_length=12, choices=Verdict)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    on_behalf = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    sha256 = models.CharField(max_length=64)
    reason = models.TextField(blank=True)
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["request", "version", "step"], name="approvals_one_decision"
            ),
            models.CheckConstraint(
                condition=~Q(decided_by=F("requested_by")), name="approvals_not_ones_own"
            ),
            models.CheckConstraint(
                condition=~Q(on_behalf=F("requested_by")), name="approvals_not_for_who_asked"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.request} step {self.step}: {self.verdict}"


class Maker(models.Model):
    """Somebody who made what a request asks for, and so may never decide it. Never removed."""

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="makers", db_index=False
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    why = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["request", "user"], name="approvals_maker_once")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.why}"


class Edition(models.Model):
    """What a version of a request asked for; the newest one is the request's own content."""

    request = models.ForeignKey(
        ApprovalRequest, on_delete=models.PROTECT, related_name="editions", db_index=False
    )
    version = models.PositiveIntegerField()
    content = models.TextField()
    sha256 = models.CharField(max_length=64)
    tier = models.PositiveSmallIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["version"]
        constraints = [
            models.UniqueConstraint(fields=["request", "version"], name="approvals_edition_once")
        ]

    def __str__(self) -> str:
        return f"{self.request}, version {self.version}"


class Comment(models.Model):
    """What somebody said beside a request."""

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="comments")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.by} on {self.request}"


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
