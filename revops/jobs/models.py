"""A job and its items. Items are frozen with the draft: a filter that would find others by now
changes nothing."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from accounts.models import User


class JobState(models.TextChoices):
    """WAITING was started and waits for its time, or (without ``due_at``) for somebody's yes."""

    DRAFT = "draft", "Draft"
    WAITING = "waiting", "Waiting"
    RUNNING = "running", "Running"
    STOPPING = "stopping", "Stopping"
    STOPPED = "stopped", "Stopped"
    DONE = "done", "Done"


class ItemState(models.TextChoices):
    """SKIPPED: when its turn came there was nothing left to do. EXCLUDED: never part of the run."""

    PENDING = "pending", "Pending"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    SKIPPED = "skipped", "Skipped"
    EXCLUDED = "excluded", "Excluded"
    UNDONE = "undone", "Undone"


class Job(models.Model):
    """
    ``scope_text`` says in words what was chosen; ``options`` are the kind's own; ``entities`` are
    the codes of the legal entities of its items (“” for items without one). ``rate`` is how many
    items a minute. ``due_at`` is when a worker may take its next slice, ``tries`` how often one
    has, since the last that ended. ``note`` is the last thing worth saying, in a sentence.
    """

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    scope_text = models.CharField(max_length=500, blank=True)
    options = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    reason = models.TextField(blank=True)
    state = models.CharField(max_length=12, choices=JobState, default=JobState.DRAFT)
    entities = ArrayField(models.CharField(max_length=24), default=list)
    rate = models.PositiveIntegerField()
    undoes = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="undone_by", null=True, db_index=False
    )
    note = models.TextField(blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    tries = models.PositiveSmallIntegerField(default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="jobs_job_due",
                condition=Q(state__in=["waiting", "running", "stopping"]),
            ),
            models.Index(fields=["by", "-id"], name="jobs_job_mine"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", started_at__isnull=True)
                | (~Q(state="draft") & Q(started_at__isnull=False)),
                name="jobs_started_iff_no_draft",
            ),
            models.CheckConstraint(condition=Q(rate__gte=1), name="jobs_rate_is_some"),
            # One undo of a job at most, whoever presses how often.
            models.UniqueConstraint(fields=["undoes"], name="jobs_undone_once"),
        ]

    def __str__(self) -> str:
        return f"BLK-{self.pk}"


class JobItem(models.Model):
    """
    One record of a job. ``subject_id`` is its id for the kind, ``reference`` what people call it;
    ``amount`` is minor units as they were when frozen. ``before`` is what an undo needs.
    """

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.PositiveIntegerField()
    subject_id = models.BigIntegerField()
    reference = models.CharField(max_length=60)
    label = models.CharField(max_length=240, blank=True)
    entity = models.CharField(max_length=24, blank=True)
    period_code = models.CharField(max_length=12, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    amount = models.BigIntegerField(null=True)
    state = models.CharField(max_length=12, choices=ItemState, default=ItemState.PENDING)
    outcome = models.TextField(blank=True)
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "subject_id"], name="jobs_item_once"),
        ]
        indexes = [
            models.Index(fields=["job", "position"], name="jobs_item_in_order"),
            models.Index(fields=["job", "state", "position"], name="jobs_item_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.reference} of BLK-{self.job_id}"
