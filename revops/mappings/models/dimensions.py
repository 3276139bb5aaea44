"""What a journal's line is tagged with beside its account, for those who read by it in the ERP."""

from __future__ import annotations

from django.db import models

from revops.mappings.models.books import EffectiveDated, LedgerAccount, never_overlaps


class CostCentreMap(EffectiveDated):
    """The cost centre of what is posted to an account in an entity's books."""

    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="+")
    cost_centre = models.CharField(max_length=40)

    class Meta:
        constraints = [never_overlaps("mappings_cost_centre_once", "legal_entity", "account")]

    def __str__(self) -> str:
        return f"{self.account} → {self.cost_centre}"


class CustomerClassMap(EffectiveDated):
    """The class of the customers of a country (two letters), or of all others (``*``)."""

    country = models.CharField(max_length=2)
    customer_class = models.CharField(max_length=40)

    class Meta:
        constraints = [never_overlaps("mappings_class_once", "legal_entity", "country")]

    def __str__(self) -> str:
        return f"{self.country} → {self.customer_class}"
