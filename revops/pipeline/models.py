"""Signs of life of the line's workers, where each flow stands, and what may be posted late."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Q

from accounts.models import User
from connectors.models import Connection
from revops.delivery.models import OutboundCommand
from revops.events.models import BusinessEvent, InboundEvent
from revops.mappings.models import LegalEntity
from revops.store import sql


class Heartbeat(models.Model):
    """When something that has to happen all the time happened last."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def beat(name: str) -> None:
        sql.run(
            "INSERT INTO pipeline_heartbeat (name, at) VALUES (%s, now()) "
            "ON CONFLICT (name) DO UPDATE SET at = now() "
            "WHERE pipeline_heartbeat.at < now() - interval '2 seconds'",
            (name,),
        )


class RunState(models.TextChoices):
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    COMPENSATING = "compensating", "Being taken back"
    COMPENSATED = "compensated", "Taken back"


class FlowRun(models.Model):
    """
    A flow that a business event set off. ``posting`` while an ERP does not yet hold its journals.

    ``checks`` are [{"step", "passed", "sentence"}]; ``source`` is the connection that told of it,
    which is never told by it.
    """

    business_event = models.ForeignKey(
        BusinessEvent, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    flow = models.CharField(max_length=60)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    source = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    record_kind = models.CharField(max_length=24)
    record_id = models.BigIntegerField()
    subject_id = models.CharField(max_length=120)
    state = models.CharField(max_length=14, choices=RunState)
    posting = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    checks = models.JSONField(default=list)
    correlation_id = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["business_event", "flow"], name="pipeline_run_once")
        ]
        indexes = [
            models.Index(fields=["flow", "-started_at"], name="pipeline_run_newest"),
            # Runs are stored in the order of time, so a few pages of it say where a day begins.
            BrinIndex(fields=["started_at"], name="pipeline_run_since", autosummarize=True),
            models.Index(
                fields=["flow"],
                name="pipeline_run_open",
                condition=~Q(state__in=[RunState.DONE.value, RunState.COMPENSATED.value]),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"RUN-{self.pk}"


class StepState(models.TextChoices):
    WAITING = "waiting", "Waits for an earlier step"
    HELD = "held", "Waits for the state before it"
    UNREADY = "unready", "Waits for a record"
    QUEUED = "queued", "On its way"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Not needed"
    SUPERSEDED = "superseded", "Replaced by a newer state"
    FAILED = "failed", "Refused"
    WITHDRAWN = "withdrawn", "Withdrawn"


class UndoState(models.TextChoices):
    NONE = "", "Not asked for"
    WAITING = "waiting", "Waits for a later step"
    QUEUED = "queued", "On its way"
    DONE = "done", "Taken back"
    KEPT = "kept", "Stays"
    FAILED = "failed", "Refused"


class StepRun(models.Model):
    """
    One step of a run towards one connection, and its command. ``record_key`` names the state that
    it tells, so that two of one record are never under way at once. ``waits_for`` names what it
    goes on with at once when that comes (``transform.base.Unready``).
    """

    run = models.ForeignKey(FlowRun, on_delete=models.PROTECT, related_name="steps", db_index=False)
    position = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=40)
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    state = models.CharField(max_length=12, choices=StepState)
    note = models.TextField(blank=True)
    record_key = models.CharField(max_length=64, blank=True)
    waits_for = models.CharField(max_length=255, blank=True, default="", db_default="")
    command = models.ForeignKey(
        OutboundCommand, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    ready_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    undo_state = models.CharField(max_length=12, choices=UndoState, blank=True)
    undo_note = models.TextField(blank=True)
    undo_command = models.ForeignKey(
        OutboundCommand, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "step", "connection"], name="pipeline_step_once")
        ]
        indexes = [
            models.Index(
                fields=["next_at"], name="pipeline_step_unready", condition=Q(state="unready")
            ),
            models.Index(
                fields=["waits_for"], name="pipeline_step_waits", condition=Q(state="unready")
            ),
            models.Index(
                fields=["record_key"], name="pipeline_step_held", condition=Q(state="held")
            ),
            models.Index(
                fields=["command"], name="pipeline_step_command",
                condition=Q(command__isnull=False),
            ),
            models.Index(
                fields=["undo_command"], name="pipeline_step_undo",
                condition=Q(undo_command__isnull=False),
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.step} of {self.run_id}"


class LatePosting(models.Model):
    """
    What somebody agreed to about a document whose period is closed: it is dated ``dated``, the
    first day of a period that was open then, and keeps its own day beside it. It names the event
    that could not be booked, or the command that an ERP refused. ``accrued``: what it would have
    earned in its own period is booked there, and taken back where it posts.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    inbound = models.OneToOneField(
        InboundEvent, on_delete=models.PROTECT, related_name="+", null=True
    )
    command = models.OneToOneField(
        OutboundCommand, on_delete=models.PROTECT, related_name="+", null=True
    )
    dated = models.DateField()
    accrued = models.BooleanField(default=False, db_default=False)
    job = models.BigIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(inbound__isnull=False, command__isnull=True)
                | Q(inbound__isnull=True, command__isnull=False),
                name="pipeline_late_posting_of_one",
            )
        ]

    def __str__(self) -> str:
        return f"late posting on {self.dated}"
