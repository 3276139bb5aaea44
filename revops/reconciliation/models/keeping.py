"""What the last run read, kept so that the next one has to read only what changed."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from revops.mappings.models import LegalEntity
from revops.reconciliation.models.runs import Run
from revops.reconciliation.models.snapshots import Pair


class Footing(models.Model):
    """
    What both sides added up to in ``run``: ``totals`` hold by side and currency the count, the
    amount in minor units, and the fold (``engine/folding.py``). ``parts`` is into how many parts
    the rows are packed. The table is unlogged: after a crash of the server it is empty.
    """

    pair = models.ForeignKey(Pair, on_delete=models.CASCADE, related_name="+", db_index=False)
    legal_entity = models.ForeignKey(
        LegalEntity, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    period_code = models.CharField(max_length=12)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+", db_index=False)
    parts = models.PositiveIntegerField()
    totals = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pair", "legal_entity", "period_code"], name="reconciliation_footing_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.period_code} as of {self.run}"


class Kept(models.Model):
    """
    Some rows of a side in one currency: hash of the row's id, hash of its key, amount and fold of
    each, at one place of four arrays. Which part a row is in follows from the hash of its id.
    Unlogged, too.
    """

    footing = models.ForeignKey(
        Footing, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    part = models.PositiveIntegerField()
    side = models.CharField(max_length=5)
    currency = models.CharField(max_length=3)
    items = ArrayField(models.BigIntegerField())
    keys = ArrayField(models.BigIntegerField())
    amounts = ArrayField(models.BigIntegerField())
    folds = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["footing", "part", "side", "currency"], name="reconciliation_kept_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.part}"
