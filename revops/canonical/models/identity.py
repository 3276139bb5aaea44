"""Which customers are one: what was merged, and what is proposed."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from revops.canonical.models.customers import Party


class Merge(models.Model):
    """
    ``absorbed`` became part of ``survivor``: its customers (``customer_ids``) moved there.

    ``evidence`` says why, as [{"kind", "left", "right"}]. Made by a person, or by the line when a
    system states it without a doubt (``by`` None). Undoing it moves the customers back.
    """

    survivor = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="merges")
    absorbed = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="merged_as")
    customer_ids = models.JSONField(default=list)
    evidence = models.JSONField(default=list)
    reason = models.TextField(blank=True)
    event_id = models.BigIntegerField(null=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    at = models.DateTimeField()
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    undone_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.survivor_id}"


class MatchKey(models.Model):
    """
    What others find a customer by that may be the same one: digests, made by ``identity/keys.py``
    and renewed whenever it is looked at.
    """

    pk = models.CompositePrimaryKey("party", "key")
    # Written for many customers at once; parties are never deleted.
    party = models.ForeignKey(
        Party, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    key = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["key", "party"], name="canonical_matchkey_found")]

    def __str__(self) -> str:
        return f"{self.key} of {self.party_id}"


class ProposalState(models.TextChoices):
    OPEN = "open", "Open"
    MERGED = "merged", "Merged"
    KEPT_APART = "kept_apart", "Kept apart"


class MergeProposal(models.Model):
    """Two customers that may be one. ``left`` is the one with the smaller id."""

    left = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+", db_index=False)
    right = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    score = models.DecimalField(max_digits=5, decimal_places=4)
    evidence = models.JSONField(default=list)
    state = models.CharField(max_length=12, choices=ProposalState, default=ProposalState.OPEN)
    created_at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=True
    )
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["left", "right"], name="canonical_proposal_once"),
            models.CheckConstraint(
                condition=models.Q(left__lt=models.F("right")), name="canonical_proposal_ordered"
            ),
        ]
        indexes = [models.Index(fields=["state", "-score"], name="canonical_proposal_state")]

    def __str__(self) -> str:
        return f"{self.left_id} and {self.right_id}"
