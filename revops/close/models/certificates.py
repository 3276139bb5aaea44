"""What was certified of a period, sealed with the console's key."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from revops.mappings.models import LegalEntity


class Certificate(models.Model):
    """
    CERT-n: that everything of a legal entity's period is accounted for, as it was when somebody
    sealed it. ``body`` is the canonical JSON text that ``signature`` is of; ``evidence`` the digest
    of its figures and sets. It suspends itself when they change; then somebody seals anew, and this
    one stays as it is. Only the suspension and ``checked_at`` are ever written later.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    body = models.TextField()
    evidence = models.CharField(max_length=64)
    signature = models.CharField(max_length=88)
    key = models.CharField(max_length=16)
    sealed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    sealed_at = models.DateTimeField()
    period_state = models.CharField(max_length=12)
    checked_at = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True)
    suspended_why = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "period_code"],
                condition=Q(suspended_at__isnull=True),
                name="close_certified_once",
            )
        ]
        indexes = [
            models.Index(fields=["legal_entity", "period_code", "-id"], name="close_certificate_of")
        ]

    def __str__(self) -> str:
        return f"CERT-{self.pk}"
