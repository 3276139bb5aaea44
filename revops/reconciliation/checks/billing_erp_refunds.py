"""Money that the gateway gave back, and what the ERP lists of it."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.through import check

CHECK: Final = check(
    slug="billing_erp_refunds",
    label="Refunds: gateway and the ERP",
    noun="refunds",
    kind="refund",
    document_type="refund",
    accounts=("processor_clearing",),
    sign="-",
    undone_by="refund_return",
    area="payments",
    where="held.state = 'succeeded' AND held.amount <> 0",
)
