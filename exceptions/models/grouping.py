"""Causes that people grouped otherwise than the line does."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User


class Regrouping(models.Model):
    """
    Cases of the cause ``from_key`` are grouped otherwise, those that come later too: under
    ``to_key``, or split by a ``fact`` (``exceptions.grouping``). One stands for a cause until it is
    taken back; a case keeps the cause that the line gave it (``Case.root_key``).
    """

    from_key = models.CharField(max_length=64)
    fact = models.CharField(max_length=80, blank=True)
    to_key = models.CharField(max_length=64, blank=True)
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    ended_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["from_key"], condition=Q(ended_at__isnull=True),
                name="exceptions_one_regrouping_stands",
            ),
            models.CheckConstraint(
                condition=(Q(fact="") & ~Q(to_key="")) | (~Q(fact="") & Q(to_key="")),
                name="exceptions_merged_or_split",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.from_key} grouped otherwise"
