"""Who wants to be told what becomes of a case."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from exceptions.models.cases import Case


class Watch(models.Model):
    """``person`` is told once: when the case is settled, or at ``due_at`` if it is not by then."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "person"], condition=Q(told_at__isnull=True),
                name="exceptions_watched_once",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(
                fields=["due_at"], name="exceptions_watch_due", condition=Q(told_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} watches EXC-{self.case_id}"
