"""Customers as one, and as customer success has them."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.masters import check

CHECK: Final = check(
    slug="customers_success",
    label="Customers: our records and success",
    kind="company",
    role="success",
)
