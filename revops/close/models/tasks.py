"""What people do in one close."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from revops.close.models.settings import TaskTemplate
from revops.mappings.models import LegalEntity


class TaskState(models.TextChoices):
    """PREPARED waits for its reviewer; NOT_NEEDED was agreed to by a reviewer, with a reason."""

    OPEN = "open", "Open"
    PREPARED = "prepared", "In review"
    SIGNED = "signed", "Signed"
    NOT_NEEDED = "not_needed", "Not needed"


class Task(models.Model):
    """A template's task in the close of a legal entity's period, as it was when it was made."""

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    template = models.ForeignKey(
        TaskTemplate, on_delete=models.PROTECT, related_name="tasks", db_index=False
    )
    title = models.CharField(max_length=160)
    area = models.CharField(max_length=16)
    due_on = models.DateField()
    preparer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    reviewer = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    state = models.CharField(max_length=10, choices=TaskState, default=TaskState.OPEN)
    prepared_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    reviewed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "period_code", "template"], name="close_task_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(reviewed_by=models.F("prepared_by")),
                name="close_task_reviewed_by_another",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def prepares(self) -> str:
        """Who did or will; a role as long as nobody is named."""
        who = self.prepared_by or self.preparer
        return who.name if who else "Finance"

    @property
    def reviews(self) -> str:
        who = self.reviewed_by or self.reviewer
        return who.name if who else "A manager"


class TaskMove(models.Model):
    """A step of a task's life, with who took it. Only ever added."""

    task = models.ForeignKey(Task, on_delete=models.PROTECT, related_name="moves")
    to = models.CharField(max_length=10, choices=TaskState)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.task}: {self.to}"
