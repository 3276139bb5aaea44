"""One edge of the thread from event to ERP."""

from __future__ import annotations

from django.db import models


class Link(models.Model):
    """``from`` led to ``to``. Ends are (kind, id) of canonical records, events or journals."""

    from_kind = models.CharField(max_length=24)
    from_id = models.BigIntegerField()
    to_kind = models.CharField(max_length=24)
    to_id = models.BigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["from_kind", "from_id", "to_kind", "to_id"], name="lineage_link_once"
            )
        ]
        indexes = [models.Index(fields=["to_kind", "to_id"], name="lineage_link_back")]

    def __str__(self) -> str:
        return f"{self.from_kind} {self.from_id} → {self.to_kind} {self.to_id}"
