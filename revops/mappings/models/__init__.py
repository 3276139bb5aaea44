"""Configuration that moves money, and how it is changed."""

from __future__ import annotations

from revops.mappings.models.books import (
    AccountingPeriod,
    AccountMap,
    Convention,
    EffectiveDated,
    EntityMap,
    ErpRoute,
    ExchangeRate,
    LateDocuments,
    LedgerAccount,
    LegalEntity,
    MappingVersion,
    OwnershipRule,
    PeriodRun,
    PeriodState,
    PostsAs,
    RatePolicy,
    SkuMap,
    TaxMap,
)
from revops.mappings.models.changes import ChangeRow, ChangeSet, SetState
from revops.mappings.models.dimensions import CostCentreMap, CustomerClassMap

__all__ = [
    "AccountMap",
    "AccountingPeriod",
    "ChangeRow",
    "ChangeSet",
    "Convention",
    "CostCentreMap",
    "CustomerClassMap",
    "EffectiveDated",
    "EntityMap",
    "ErpRoute",
    "ExchangeRate",
    "LateDocuments",
    "LedgerAccount",
    "LegalEntity",
    "MappingVersion",
    "OwnershipRule",
    "PeriodRun",
    "PeriodState",
    "PostsAs",
    "RatePolicy",
    "SetState",
    "SkuMap",
    "TaxMap",
]
