"""Payments that the gateway lists, and receipts that the ERP lists."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.through import check

CHECK: Final = check(
    slug="billing_erp_payments",
    label="Payments: gateway and the ERP",
    noun="payments",
    kind="payment",
    document_type="payment",
    accounts=("processor_clearing",),
    sign="",
    undone_by="return",
    area="payments",
)
