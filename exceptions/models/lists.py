"""What makes a queue out of cases: what is hidden, lists under a name, and their totals."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User


class Snooze(models.Model):
    """
    A cause that is hidden until it gets worse: cases of it that come in are snoozed as well, until
    there are ``more_cases`` of them or a currency's amount has grown by ``more_percent``. ``cases``
    and ``at_stake`` (minor units by currency) are how it stood. One stands for a cause.
    """

    cause_key = models.CharField(max_length=64)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    more_cases = models.PositiveIntegerField(null=True)
    more_percent = models.PositiveIntegerField(null=True)
    cases = models.PositiveIntegerField()
    at_stake = models.JSONField(default=dict)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cause_key"], condition=Q(ended_at__isnull=True),
                name="exceptions_one_snooze_stands",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.cause_key} until it gets worse"


class SavedView(models.Model):
    """
    A queue under a name: ``query`` is the canonical one of its address. A shared one is for all
    who see the queue; its owner alone changes it.
    """

    slug = models.CharField(max_length=60, unique=True)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    shared = models.BooleanField(default=False)
    query = models.CharField(max_length=2_000)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """
    How many unresolved cases there are and what is at stake, by whatever the queue filters on.

    A trigger of the case table adds a row of differences with every statement
    (``migrations/0002_tally.py``), so that writers never wait for each other; the sums of all rows
    are the truth at any moment. ``operations.fold`` adds rows up. Cases whose amount is not known
    count under no currency.
    """

    cause_key = models.CharField(max_length=64)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=12)
    legal_entity_id = models.BigIntegerField(null=True)
    period_code = models.CharField(max_length=12)
    connection_slug = models.CharField(max_length=60)
    currency = models.CharField(max_length=3)
    assignee_id = models.BigIntegerField(null=True)
    owner_team = models.CharField(max_length=40, db_default="")
    regressed = models.BooleanField(db_default=False)
    snoozed = models.BooleanField(db_default=False)
    cases = models.BigIntegerField()
    at_stake = models.BigIntegerField()
    folded = models.BooleanField(default=False)

    class Meta:
        indexes = [
            models.Index(fields=["id"], name="exceptions_tally_unfolded", condition=Q(folded=False))
        ]

    def __str__(self) -> str:
        return f"{self.cases} of {self.cause_key}"
