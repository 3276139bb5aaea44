"""Changes of the maps before they are in force: a set of rows that somebody else agrees to."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.mappings.models.books import MappingVersion


class SetState(models.TextChoices):
    DRAFT = "draft", "Draft"
    WAITING = "waiting", "Waiting for approval"
    SENT_BACK = "sent_back", "Sent back"
    APPLIED = "applied", "Applied"
    REFUSED = "refused", "Refused"
    DISCARDED = "discarded", "Discarded"


class ChangeSet(models.Model):
    """
    MC-n: changes of one kind of map. ``entities`` are the codes of the legal entities that it
    touches; who does not see all of them does not see it. ``preview`` is what it was seen to do at
    ``previewed_at`` (``revops/pipeline/changes/impact.py`` gives its shape). ``version`` is the
    state of all maps that it made.
    """

    kind = models.CharField(max_length=24)
    state = models.CharField(max_length=12, choices=SetState, default=SetState.DRAFT)
    entities = ArrayField(models.CharField(max_length=24), default=list)
    source = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)
    preview = models.JSONField(default=dict)
    previewed_at = models.DateTimeField(null=True)
    approval = models.BigIntegerField(null=True)
    version = models.ForeignKey(
        MappingVersion, on_delete=models.PROTECT, related_name="sets", null=True
    )
    outcome = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="applied", version__isnull=False)
                | (~Q(state="applied") & Q(version__isnull=True)),
                name="mappings_applied_has_version",
            )
        ]
        indexes = [models.Index(fields=["kind", "state", "-id"], name="mappings_set_kind")]

    def __str__(self) -> str:
        return f"MC-{self.pk}"


class ChangeRow(models.Model):
    """
    One row of a set. ``op`` is ``set`` (the key means these values from ``since`` to ``until``,
    both days included, open when there is none) or ``end`` (what stands ends on ``until``).
    ``before`` is what stood there when the row was written: a list of since, until and values.
    """

    change_set = models.ForeignKey(
        ChangeSet, on_delete=models.CASCADE, related_name="rows", db_index=False
    )
    position = models.PositiveIntegerField()
    op = models.CharField(max_length=4, choices=[("set", "Set"), ("end", "End")])
    entity = models.CharField(max_length=24, blank=True)
    key = models.CharField(max_length=200)
    since = models.DateField(null=True)
    until = models.DateField(null=True)
    values = models.JSONField(default=dict)
    before = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["change_set", "position"], name="mappings_change_row_once"
            ),
            models.CheckConstraint(
                condition=Q(since__isnull=True)
                | Q(until__isnull=True)
                | Q(until__gte=models.F("since")),
                name="mappings_change_forward",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.op} {self.key} in {self.entity or 'all'}"
