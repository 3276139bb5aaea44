"""Customers as one, and as billing has them."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.masters import check

CHECK: Final = check(
    slug="customers_billing",
    label="Customers: our records and billing",
    kind="customer",
    role="billing",
)
