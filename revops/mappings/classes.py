"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "LegalEntity": {INTERNAL: "name calendar late_documents"},
    "AccountingPeriod": {},
    "PeriodRun": {INTERNAL: "figures", PII: "note by"},
    "LedgerAccount": {INTERNAL: "name"},
    "MappingVersion": {PII: "note made_by"},
    "AccountMap": {INTERNAL: "role"},
    "SkuMap": {INTERNAL: "label"},
    "TaxMap": {},
    "EntityMap": {INTERNAL: "hint"},
    "ErpRoute": {INTERNAL: "posts_as"},
    "ExchangeRate": {INTERNAL: "quote source", PII: "published_by"},
    "RatePolicy": {INTERNAL: "via"},
    "CostCentreMap": {INTERNAL: "cost_centre"},
    "CustomerClassMap": {INTERNAL: "country customer_class"},
    "ChangeSet": {INTERNAL: "entities preview", PII: "source reason outcome"},
    "ChangeRow": {INTERNAL: "op entity values before"},
    "OwnershipRule": {INTERNAL: "field entity_code"},
}
