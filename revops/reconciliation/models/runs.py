"""Runs, what they found, and who put their name to it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from exceptions.models import Case
from revops.mappings.models import LegalEntity
from revops.reconciliation.models.matches import Match
from revops.reconciliation.models.rules import RuleVersion
from revops.reconciliation.models.snapshots import Load, Pair


class RunState(models.TextChoices):
    ASKED = "asked", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"


class Run(models.Model):
    """
    A pair compared for one legal entity and period; its number is shown as REC-n.

    ``figures`` hold, by currency: left and right as count and amount, what agreed, was explained,
    is in timing, was matched, and what each type of break holds. Left − right is the sum of the
    breaks' differences, to the minor unit; ``unclassified`` is what is left of that, and 0. The
    shape is told in ``engine/figures.py``. ``touched`` is how many keys a run of what changed had.
    ``evidence`` is the hash of both sides as they were read: the same evidence and rules give the
    same breaks.
    """

    number = models.PositiveIntegerField(unique=True)
    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="runs", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    starts = models.DateField()
    ends = models.DateField()
    full = models.BooleanField(default=True)
    rules = models.ForeignKey(RuleVersion, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=RunState, default=RunState.RUNNING)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    left_load = models.ForeignKey(
        Load, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    right_load = models.ForeignKey(
        Load, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    figures = models.JSONField(default=dict)
    touched = models.PositiveIntegerField(null=True)
    evidence = models.CharField(max_length=64, blank=True)
    error = models.TextField(blank=True)
    by = models.CharField(max_length=120)
    correlation_id = models.CharField(max_length=64)

    class Meta:
        indexes = [
            models.Index(
                fields=["pair", "legal_entity", "period_code", "-id"],
                name="reconciliation_run_latest",
            )
        ]

    def __str__(self) -> str:
        return f"REC-{self.number}"


class BreakType(models.TextChoices):
    """What the difference is. Words and order of the screens."""

    MISSING_RIGHT = "missing_right", "Not on the right"
    MISSING_LEFT = "missing_left", "Not on the left"
    AMOUNT = "amount", "Amount"
    TAX = "tax", "Tax"
    CURRENCY = "currency", "Currency"
    STATE = "state", "Status"
    PERIOD = "period", "Period"
    DUPLICATE = "duplicate", "Duplicate"
    PROBABLE_DUPLICATE = "probable_duplicate", "Probable duplicate"
    DELETED = "deleted", "Deleted after posting"
    EDITED = "edited", "Edited after posting"
    TIMING = "timing", "Timing"
    EXPLAINED = "explained", "Explained"


class BreakState(models.TextChoices):
    """CLEARING is timing that should end by itself, EXPLAINED needs nobody, SETTLED is over."""

    OPEN = "open", "Open"
    CLEARING = "clearing", "Clearing"
    EXPLAINED = "explained", "Explained"
    SETTLED = "settled", "Settled"


class Break(models.Model):
    """
    A difference between the two sides. One stands for a fingerprint (the rows that it is about:
    ``engine.rows.fingerprint``), whatever its type turns into; it is carried from period to
    period until reality agrees, somebody matches it, or it is explained.

    ``left`` and ``right`` are the rows as the run read them (lists of objects with id, number,
    party, currency, amount, tax, dated, state, and record kind and id where we hold one).
    ``difference`` is left minus right in ``currency``; ``at_stake`` the money in question, which is
    not nothing where both sides show one amount (a tax, a state). ``carried`` counts the periods
    that it outlived. ``expected_by`` is the day by which timing
    should have cleared. ``reason`` says in words what it likely is, with its formula where one
    explains it. ``proposal`` names the fix that is offered (``kinds.py``). ``match`` settled it or
    left it over; ``promised_by`` is who gave ``expected_by``, None for a learnt lag. ``key``
    is what its rows are known by on both sides, ``last_run`` the run that found it as it reads now.
    """

    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="breaks", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    type = models.CharField(max_length=20, choices=BreakType)
    state = models.CharField(max_length=10, choices=BreakState, default=BreakState.OPEN)
    fingerprint = models.CharField(max_length=64)
    key = models.CharField(max_length=120, blank=True)
    left_key = models.CharField(max_length=120, blank=True)
    right_key = models.CharField(max_length=120, blank=True)
    left = models.JSONField(default=list)
    right = models.JSONField(default=list)
    currency = models.CharField(max_length=3)
    difference = models.BigIntegerField()
    at_stake = models.BigIntegerField(default=0)
    reason = models.TextField(blank=True)
    proposal = models.CharField(max_length=24, blank=True)
    expected_by = models.DateField(null=True)
    promised_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    match = models.ForeignKey(
        Match, on_delete=models.PROTECT, related_name="breaks", null=True, db_index=False
    )
    carried = models.PositiveSmallIntegerField(default=0)
    first_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="breaks")
    opened_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    settled_why = models.TextField(blank=True)
    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "fingerprint"], condition=~Q(state="settled"),
                name="reconciliation_break_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(state="settled", settled_at__isnull=False)
                | (~Q(state="settled") & Q(settled_at__isnull=True)),
                name="reconciliation_settled_has_a_time",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["pair", "legal_entity", "period_code", "type"],
                condition=~Q(state="settled"),
                name="reconciliation_breaks_open",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.left_key or self.right_key}"


class SignOff(models.Model):
    """
    A name under a run's figures: ``role`` is preparer or reviewer, never the same person.
    ``figures_sha256`` is what was signed; when a number behind it changes the sign-off suspends
    itself (``suspended_at``, ``suspended_why``) and somebody signs anew.
    """

    pair = models.ForeignKey(Pair, on_delete=models.PROTECT, related_name="+", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="signoffs")
    role = models.CharField(
        max_length=8, choices=[("preparer", "Preparer"), ("reviewer", "Reviewer")]
    )
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    figures_sha256 = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    suspended_at = models.DateTimeField(null=True)
    suspended_why = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "legal_entity", "period_code", "role"],
                condition=Q(suspended_at__isnull=True),
                name="reconciliation_signed_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.run}"
