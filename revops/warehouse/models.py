"""How far each warehouse is."""

from __future__ import annotations

from django.db import models

from connectors.models import Connection


class Progress(models.Model):
    """
    Everything of ``fact`` that changed up to (``through``, ``last_id``) was asked to be loaded.
    ``rows`` were so far, the last of them at ``moved_at``.
    """

    connection = models.ForeignKey(
        Connection, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    fact = models.CharField(max_length=32)
    through = models.DateTimeField()
    last_id = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "fact"], name="warehouse_progress_once")
        ]

    def __str__(self) -> str:
        return f"{self.fact} of {self.connection}"
