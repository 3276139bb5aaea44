"""Contracts that sales signed, and those that we know."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours

_STATE: Final = """CASE WHEN held.state IN ('activated', 'active') THEN 'active'
    WHEN held.state = 'draft' THEN 'draft' ELSE 'ended' END"""

CHECK: Final = Check(
    slug="crm_contracts",
    label="Contracts: sales and our records",
    left=listed("{system}", "contract", "crm", where="held.state <> 'draft'", state="''"),
    right=ours(
        "Our records",
        """
        FROM canonical_contract contract
        JOIN canonical_customer customer ON customer.id = contract.customer_id
        WHERE contract.connection_id = %(other)s AND contract.legal_entity_id = %(entity)s
            AND contract.starts_on BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'contract:' || contract.id",
        key="contract.source_id",
        number="coalesce(nullif(contract.number, ''), contract.source_id)",
        party="customer.name",
        currency="contract.currency",
        amount="contract.total",
        dated="contract.starts_on",
        record_kind="'contract'",
        record_id="contract.id",
        touched_at="contract.updated_at",
    ),
    area="billing_sync",
    noun="contracts",
    wait_days=1,
)
