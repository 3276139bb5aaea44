"""What is still to be paid of an invoice, in billing and in the ERP."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.own_documents import check

CHECK: Final = check(
    slug="erp_open",
    label="Open amounts: billing and the ERP's own",
    noun="invoices",
    kind="invoice",
    command="invoice.post",
    area="payments",
    still_open=True,
)
