"""What people do about a case beside its remedies: corrections, and runs of playbooks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from exceptions.models.cases import Case
from revops.events.models import InboundEvent


class CorrectionState(models.TextChoices):
    """WAITING for somebody else's yes; SENT through the line; REFUSED came to nothing."""

    WAITING = "waiting", "Waiting for approval"
    SENT = "sent", "Sent"
    REFUSED = "refused", "Not agreed"


class Correction(models.Model):
    """
    What a person corrected of a case's event: ``changes`` are [{path, label, before, after,
    touches}], as the form showed them. ``original`` stays as it came; ``corrected`` took its place.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="corrections")
    original = models.ForeignKey(
        InboundEvent, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    corrected = models.ForeignKey(
        InboundEvent, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    changes = models.JSONField()
    reason = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=CorrectionState)
    request = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="waiting"),
                name="exceptions_one_correction_waits",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"correction of EVT-{self.original_id}"


class PlaybookVersion(models.Model):
    """The steps of a playbook's page as they were when a run first began with them."""

    slug = models.CharField(max_length=60)
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    steps = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slug", "number"], name="exceptions_playbook_number"),
            models.UniqueConstraint(fields=["slug", "sha256"], name="exceptions_playbook_once"),
        ]

    def __str__(self) -> str:
        return f"{self.slug} version {self.number}"


class RunState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


class PlaybookRun(models.Model):
    """A playbook taken step by step on a case. One runs at a time; a failed step stops it."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="runs")
    version = models.ForeignKey(PlaybookVersion, on_delete=models.PROTECT, related_name="runs")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    started_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=RunState, default=RunState.RUNNING)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"], condition=Q(state="running"), name="exceptions_one_run_of_a_case"
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at__isnull=True)
                | (~Q(state="running") & Q(ended_at__isnull=False)),
                name="exceptions_run_ended_iff_over",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} on EXC-{self.case_id}"


class StepState(models.TextChoices):
    DONE = "done", "Done"
    SKIPPED = "skipped", "Not needed"
    FAILED = "failed", "Failed"


class RunStep(models.Model):
    """What became of a step, by whom. Only ever added."""

    run = models.ForeignKey(
        PlaybookRun, on_delete=models.PROTECT, related_name="taken", db_index=False
    )
    position = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=StepState)
    note = models.TextField(blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="exceptions_step_once")
        ]

    def __str__(self) -> str:
        return f"step {self.position} of run {self.run_id}"
