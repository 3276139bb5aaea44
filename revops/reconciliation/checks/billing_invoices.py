"""What billing issued, and what we know of it."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import listed, ours, states

_THEIRS: Final = {"uncollectible": "written_off"}
_OURS: Final = {"issued": "open", "overdue": "open"}
# What was paid and came back is open again, though it was paid once.
_STATE: Final = f"""CASE WHEN invoice.state = 'paid'
        AND invoice.applied + invoice.credited < invoice.total
        AND EXISTS (SELECT 1 FROM canonical_payment back
            WHERE back.invoice_id = invoice.id AND back.state = 'returned') THEN 'open'
    ELSE {states("invoice.state", _OURS)} END"""  # noqa: S608  our own literals

CHECK: Final = Check(
    slug="billing_invoices",
    label="Invoices: billing and our records",
    left=listed("{system}", "invoice", "billing", state=states("held.state", _THEIRS)),
    right=ours(
        "Our records",
        """
        FROM canonical_invoice invoice
        JOIN canonical_customer customer ON customer.id = invoice.customer_id
        WHERE invoice.connection_id = %(other)s AND invoice.legal_entity_id = %(entity)s
            AND invoice.issued_on BETWEEN %(starts)s AND %(ends)s
        """,
        item_key="'invoice:' || invoice.id",
        key="invoice.source_id",
        number="invoice.number",
        party="customer.name",
        currency="invoice.currency",
        amount="invoice.total",
        tax="invoice.tax",
        dated="invoice.issued_on",
        state=_STATE,
        record_kind="'invoice'",
        record_id="invoice.id",
        touched_at="invoice.updated_at",
    ),
    area="billing_sync",
    compares=frozenset({"amount", "tax", "currency", "dated", "state"}),
    # Written off by hand, billing goes on to ask for it.
    states={
        "open": frozenset({"open", "written_off"}),
        "paid": frozenset({"paid"}),
        "void": frozenset({"void"}),
        "written_off": frozenset({"written_off", "open"}),
    },
    wait_days=1,
)
