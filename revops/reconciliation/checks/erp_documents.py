"""Invoices of billing, and those that the ERP keeps as its own: total and tax."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.own_documents import check

CHECK: Final = check(
    slug="erp_documents",
    label="Invoices: billing and the ERP's own",
    noun="invoices",
    kind="invoice",
    command="invoice.post",
    area="erp_posting",
)
