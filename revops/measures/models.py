"""Hourly samples, and what people decided about them."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.mappings.models import LegalEntity


class Sample(models.Model):
    """
    What one hour was, in UTC, by legal entity (None: it belongs to none). Of ``count``, ``good``
    ended well and ``open`` have not ended; the rest ended badly. ``total`` is seconds, ``spread``
    how many took how long (``bounds.BOUNDS``), both of those that are good. A few measures use
    the columns otherwise; ``catalogue.py`` says how.
    """

    measure = models.CharField(max_length=24)
    hour = models.DateTimeField()
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.CASCADE, related_name="+", null=True, db_index=False
    )
    count = models.BigIntegerField(default=0)
    good = models.BigIntegerField(default=0)
    open = models.BigIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    spread = ArrayField(models.BigIntegerField(), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "hour", "legal_entity"],
                name="measures_sampled_once", nulls_distinct=False,
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["measure", "hour"], name="measures_sample_open", condition=Q(open__gt=0)
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure} at {self.hour:%Y-%m-%d %H:00}"


class Objective(models.Model):
    """
    What somebody decided of an objective of ``promises.py``: ``target`` in hundredths of a percent,
    over ``days``, and ``within`` how many seconds where it is about a time.
    """

    slug = models.SlugField(max_length=24, unique=True)
    within = models.PositiveIntegerField(null=True)
    target = models.PositiveSmallIntegerField()
    days = models.PositiveSmallIntegerField(default=28)
    changed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target__gte=1, target__lt=10_000), name="measures_target_is_a_share"
            ),
            models.CheckConstraint(
                condition=Q(days__gte=1, days__lte=90), name="measures_window_is_kept"
            ),
        ]

    def __str__(self) -> str:
        return self.slug


class Assumption(models.Model):
    """
    A number that nobody measured and a figure needs: ``seconds`` that a person would take for one
    thing of ``promises.py``.
    """

    slug = models.SlugField(max_length=24, unique=True)
    seconds = models.PositiveIntegerField()
    note = models.TextField(blank=True)
    changed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.slug
