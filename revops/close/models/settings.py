"""How a legal entity closes: by when, on which days nobody works, and what people have to do."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.mappings.models import LegalEntity


class CloseCalendar(models.Model):
    """
    The target is ``target_days`` working days after a period's last day. From Monday to Friday
    people work, but on ``holidays`` (ISO dates). Without a row: three days, no holidays.
    """

    legal_entity = models.OneToOneField(LegalEntity, on_delete=models.PROTECT, related_name="+")
    target_days = models.PositiveSmallIntegerField(default=3)
    holidays = models.JSONField(default=list)
    changed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(target_days__gte=1, target_days__lte=30), name="close_target_sane"
            )
        ]

    def __str__(self) -> str:
        return f"{self.legal_entity}: WD+{self.target_days}"


class TaskTemplate(models.Model):
    """
    What people have to do in every close, of one legal entity or of all. ``slug`` names it for
    ever; a change is the next ``version`` and the one before is retired. ``due_day`` is the working
    day after the period's end. Roles say who does it as long as no person is named.
    """

    slug = models.CharField(max_length=40)
    version = models.PositiveSmallIntegerField(default=1)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    title = models.CharField(max_length=160)
    area = models.CharField(max_length=16)
    due_day = models.PositiveSmallIntegerField(default=1)
    preparer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    reviewer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    made_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "version"], name="close_template_versioned"),
            models.UniqueConstraint(
                fields=["slug"],
                condition=Q(retired_at__isnull=True),
                name="close_one_version_in_use",
            ),
        ]

    def __str__(self) -> str:
        return self.title
