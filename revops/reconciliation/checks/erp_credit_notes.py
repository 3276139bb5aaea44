"""Credit notes of billing, and those that the ERP keeps as its own: total and tax."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.own_documents import check

CHECK: Final = check(
    slug="erp_credit_notes",
    label="Credits: billing and the ERP's own",
    noun="credits",
    kind="credit",
    in_erp="credit_memo",
    command="credit_memo.post",
    area="credits",
)
