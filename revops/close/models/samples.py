"""How ready each close was, hour by hour: what burn-down and trends are drawn from."""

from __future__ import annotations

from django.db import models

from revops.mappings.models import LegalEntity


class ReadinessSample(models.Model):
    """
    An area of a close at a full hour: its state, how many things were looked at (``checked``) and
    how many still had to be done (``open``), with their ``money`` in minor units by currency.
    """

    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    at = models.DateTimeField()
    area = models.CharField(max_length=16)
    state = models.CharField(max_length=8)
    checked = models.PositiveIntegerField(default=0)
    open = models.PositiveIntegerField(default=0)
    money = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["legal_entity", "period_code", "at", "area"], name="close_sampled_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.legal_entity} {self.period_code} {self.area} {self.at:%Y-%m-%d %H:%M}"
