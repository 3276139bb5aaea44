"""Causes, their cases, and what is written on a case."""

from __future__ import annotations

from typing import Final

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.delivery.models import OutboundCommand
from revops.events.models import InboundEvent
from revops.mappings.models import LegalEntity


class CaseState(models.TextChoices):
    OPEN = "open", "Open"
    IN_DOUBT = "in_doubt", "In doubt"
    RETRYING = "retrying", "Retrying"
    RESOLVED = "resolved", "Resolved"


# PostgreSQL uses a partial index only where a query says the same words.
UNRESOLVED: Final = ~Q(state="resolved")
RESOLVED: Final = Q(state="resolved")


class Cause(models.Model):
    """
    The words of a shared root, as it was first seen. Only ever added: writers that meet the same
    cause at once would otherwise wait for each other.
    """

    key = models.CharField(max_length=64, primary_key=True)
    kind = models.CharField(max_length=40)
    sentence = models.TextField()
    path = models.CharField(max_length=120, blank=True)
    first_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.sentence


class Case(models.Model):
    """
    ``assignee`` took it on; ``owner_team`` is whose it is otherwise. ``regressed``: it came up
    again after its cause had been settled. ``snoozed`` hides it until ``snoozed_until`` (no time:
    until it gets worse); nobody is told of it meanwhile, and it counts as open all the same.
    """

    kind = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    cause_key = models.CharField(max_length=64)
    # The cause that the line gave it, where people grouped it otherwise (exceptions/grouping.py).
    root_key = models.CharField(max_length=64, blank=True, default="", db_default="")
    cause = models.TextField()
    what_happened = models.TextField()
    state = models.CharField(max_length=12, choices=CaseState, default=CaseState.OPEN)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    period_code = models.CharField(max_length=12, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    at_stake = models.BigIntegerField(null=True)
    path = models.CharField(max_length=120, blank=True)
    customer_name = models.TextField(blank=True)
    subject_label = models.CharField(max_length=240, blank=True)
    blocked_steps = models.JSONField(default=list)
    facts = models.JSONField(default=list)
    owner_team = models.CharField(max_length=40)
    assignee = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    regressed = models.BooleanField(default=False, db_default=False)
    snoozed = models.BooleanField(default=False, db_default=False)
    snoozed_until = models.DateTimeField(null=True)
    occurrences = models.PositiveIntegerField(default=1)
    command = models.ForeignKey(
        OutboundCommand,
        on_delete=models.PROTECT,
        related_name="cases",
        null=True,
        db_index=False,
    )
    inbound = models.ForeignKey(
        InboundEvent, on_delete=models.PROTECT, related_name="cases", null=True, db_index=False
    )
    record_kind = models.CharField(max_length=24, blank=True)
    record_id = models.BigIntegerField(null=True)
    connection_slug = models.CharField(max_length=60, blank=True)
    correlation_id = models.CharField(max_length=64, blank=True)
    opened_at = models.DateTimeField()
    latest_at = models.DateTimeField()
    due_at = models.DateTimeField()
    checks_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=UNRESOLVED,
                name="exceptions_one_unresolved_per_fingerprint",
            ),
            models.CheckConstraint(
                condition=Q(state="resolved", resolved_at__isnull=False)
                | (UNRESOLVED & Q(resolved_at__isnull=True)),
                name="exceptions_resolved_at_iff_resolved",
            ),
        ]
        indexes = [
            # A page of the queue under any one filter starts at its first row.
            models.Index(
                fields=["opened_at", "id"], name="exceptions_case_open", condition=UNRESOLVED
            ),
            *(
                models.Index(
                    fields=[column, "opened_at", "id"],
                    name=f"exceptions_case_by_{name}",
                    condition=UNRESOLVED,
                )
                for column, name in (
                    ("cause_key", "cause"),
                    ("state", "state"),
                    ("kind", "kind"),
                    ("legal_entity", "entity"),
                    ("connection_slug", "system"),
                )
            ),
            GinIndex(
                fields=["subject_label"],
                opclasses=["gin_trgm_ops"],
                name="exceptions_case_subject",
            ),
            models.Index(
                fields=["-resolved_at", "-id"], name="exceptions_case_resolved", condition=RESOLVED
            ),
            models.Index(
                fields=["cause_key", "-resolved_at", "-id"],
                name="exceptions_case_was_cause",
                condition=RESOLVED,
            ),
            # Who sees a case of a cause sees the cause (migrations/0003_rows.py).
            models.Index(fields=["cause_key", "legal_entity"], name="exceptions_case_shows_cause"),
            models.Index(
                fields=["assignee", "opened_at", "id"],
                name="exceptions_case_by_assignee",
                condition=UNRESOLVED & Q(assignee__isnull=False),
            ),
            models.Index(
                fields=["snoozed_until"],
                name="exceptions_case_snoozed",
                condition=UNRESOLVED & Q(snoozed=True),
            ),
            models.Index(
                fields=["opened_at", "id"],
                name="exceptions_case_regressed",
                condition=UNRESOLVED & Q(regressed=True),
            ),
            models.Index(
                fields=["root_key"],
                name="exceptions_case_regrouped",
                condition=UNRESOLVED & ~Q(root_key=""),
            ),
            # Settling a command or an event touches its cases; lineage asks for all of them.
            models.Index(fields=["command"], name="exceptions_case_command"),
            models.Index(fields=["inbound"], name="exceptions_case_inbound"),
            models.Index(fields=["record_kind", "record_id"], name="exceptions_case_record"),
        ]

    def __str__(self) -> str:
        return f"EXC-{self.pk}"


class CaseEntry(models.Model):
    """
    A line of a case's story: what the line found, what a person did or said. Only ever added; a
    comment's words may be changed by who wrote it, soon after (``edited_at``).
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="story")
    at = models.DateTimeField()
    tone = models.CharField(max_length=8, default="info")
    text = models.TextField()
    by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, db_index=False
    )
    comment = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.text
