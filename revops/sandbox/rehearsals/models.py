"""A rehearsal and its drills. Due times are here: a worker that dies takes nothing along."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from accounts.models import User


class RehearsalState(models.TextChoices):
    """SETTLING: every fault is lifted, and the books are counted until they match or it is late."""

    RUNNING = "running", "Running"
    SETTLING = "settling", "Settling"
    STOPPING = "stopping", "Stopping"
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Done"


class DrillState(models.TextChoices):
    """OVER: what it broke is mended. FAILED: its sandbox would not do it. SKIPPED: never begun."""

    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    OVER = "over", "Over"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"


LIVE = (RehearsalState.RUNNING, RehearsalState.SETTLING, RehearsalState.STOPPING)


class Rehearsal(models.Model):
    """
    ``due_at`` is when a worker takes the next step, ``fence`` grows with every claim and stop.
    ``live`` is true or null, so that one runs at a time. ``facts`` is what its drills need of each
    other and how counters stood before; ``counted`` the latest count (``report.Report``).
    """

    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    state = models.CharField(max_length=12, choices=RehearsalState, default=RehearsalState.RUNNING)
    live = models.BooleanField(null=True, default=True, unique=True)
    facts = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    counted = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    note = models.TextField(blank=True)
    started_at = models.DateTimeField()
    settles_by = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(live__isnull=True, ended_at__isnull=False, due_at__isnull=True)
                | Q(live=True, ended_at__isnull=True, due_at__isnull=False),
                name="rehearsals_live_until_its_end",
            )
        ]

    def __str__(self) -> str:
        return f"RHS-{self.pk}"


class Drill(models.Model):
    """One drill of a rehearsal. ``said`` is what it threw, or why it could not, in a sentence."""

    rehearsal = models.ForeignKey(
        Rehearsal, on_delete=models.CASCADE, related_name="drills", db_index=False
    )
    position = models.PositiveSmallIntegerField()
    slug = models.CharField(max_length=40)
    state = models.CharField(max_length=12, choices=DrillState, default=DrillState.WAITING)
    said = models.TextField(blank=True)
    began_at = models.DateTimeField(null=True)
    lifts_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rehearsal", "position"], name="rehearsals_drill_in_order"
            )
        ]

    def __str__(self) -> str:
        return f"{self.slug} of RHS-{self.rehearsal_id}"
