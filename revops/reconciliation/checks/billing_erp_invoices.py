"""Invoices that billing lists, and invoices that the ERP lists."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.through import check

CHECK: Final = check(
    slug="billing_erp_invoices",
    label="Invoices: billing and the ERP",
    noun="invoices",
    kind="invoice",
    document_type="invoice",
    accounts=("receivable",),
    sign="",
    area="erp_posting",
    tells_voids=True,
    where="held.amount <> 0",
)
