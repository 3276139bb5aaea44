"""Customers as one, and as sales has them."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.masters import check

CHECK: Final = check(
    slug="customers_crm",
    label="Customers: our records and sales",
    kind="account",
    role="crm",
)
