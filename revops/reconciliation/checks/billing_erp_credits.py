"""Credit notes that billing lists, and what the ERP lists of them."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.through import check

CHECK: Final = check(
    slug="billing_erp_credits",
    label="Credits: billing and the ERP",
    noun="credits",
    kind="credit",
    document_type="credit",
    accounts=("receivable", "customer_credit", "refunds_payable"),
    sign="-",
    area="credits",
    tells_voids=True,
    where="held.amount <> 0",
)
