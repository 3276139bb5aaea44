"""Who owns what in the demo company: the ownership matrix that a business like it would have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db.backends.postgresql.psycopg_any import DateRange

from connectors.models import Connection
from revops.mappings.models import MappingVersion, OwnershipRule

# Role of the owner → (record kind, field); no field is the whole record.
OWNED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "crm": (
        ("customer", "name"), ("customer", "domain"), ("customer", "country"),
        ("customer", "region"), ("customer", "parent"), ("opportunity", ""), ("quote", ""),
        ("contract", ""),
    ),
    "billing": (
        ("customer", "currency"), ("customer", "tax_id"), ("product", ""), ("price", ""),
        ("subscription", ""), ("entitlement", ""), ("invoice", ""), ("payment", ""),
        ("refund", ""), ("dispute", ""), ("payout", ""),
    ),
    "success": (("customer", "health"), ("customer", "renewal"), ("customer", "milestone")),
}  # fmt: skip


def accept(owners: Mapping[str, Connection], valid: DateRange, version: MappingVersion) -> None:
    """Add the rules that are not there yet; ``owners`` by role. Rules that are there stay."""
    known = set(OwnershipRule.objects.values_list("record_kind", "field"))
    OwnershipRule.objects.bulk_create(
        OwnershipRule(
            record_kind=kind, field=field, owner=owners[role], valid=valid, version=version
        )
        for role, rules in OWNED.items()
        if role in owners
        for kind, field in rules
        if (kind, field) not in known
    )
