"""The keys that a map can have, where not every text is one."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from revops.canonical.models import Kind
from revops.ledger.rules.base import Role
from revops.mappings.kinds import MapKind

# Fields that may have an owner of their own: docs/canonical.md, "Who owns what".
FIELDS: Final = {
    "customer": (
        "name", "domain", "tax_id", "country", "region", "currency", "parent", "health",
        "renewal", "milestone",
    ),
    "contract": ("items", "currency"),
}  # fmt: skip


def known(kind: MapKind) -> Collection[str] | None:
    """None where any text is one."""
    if kind.slug == "accounts":
        return {role.value for role in Role}
    if kind.slug == "ownership":
        fields = {f"{record}.{name}" for record, names in FIELDS.items() for name in names}
        return fields | {f"{record.value}." for record in Kind if record != Kind.CUSTOMER}
    return None
