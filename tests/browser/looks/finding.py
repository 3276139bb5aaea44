"""The homes, finding, the thread of a record, tours."""

from __future__ import annotations

from typing import Final

from revops.canonical.models import Customer, Invoice, Payment, Payout, Refund
from tests.browser.addresses import at, event, invoice_of, newest, paid, subscription
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "console:home": (
        Look("home-finance", at("/")),
        Look("home-revops", at("/"), by="Ines"),
        Look("home-support", at("/"), by="Tom"),
        Look("home-admin", at("/"), by="Ada"),
        Look("home-manager", at("/"), by="Marcus"),
    ),
    "console:find": (
        Look("find", at("/find")),
        Look("find-nothing", at("/find?q=INV-0000")),
        Look("find-email", at("/find?q=pat@alder.example")),
    ),
    "console:threads": (Look("lineage-start", at("/lineage/")),),
    "console:lineage": (
        Look("lineage-refused", invoice_of("period_closed")),
        Look("lineage-in-doubt", invoice_of("in_doubt")),
        Look("lineage-paid", newest(Invoice, state="paid")),
        Look("lineage-list", lambda stage: f"{newest(Invoice, state='paid')(stage)}?tab=list"),
        Look("lineage-graph", lambda stage: f"{newest(Invoice, state='paid')(stage)}?tab=graph"),
        Look("lineage-back", lambda stage: f"{newest(Invoice, state='paid')(stage)}?moment=1"),
        Look("lineage-void", newest(Invoice, state="void")),
        Look("lineage-refund", newest(Refund)),
        Look("lineage-payout", newest(Payout)),
        Look("lineage-failed-payment", newest(Payment, state="failed")),
        Look("lineage-customer", newest(Customer)),
        Look("lineage-unmapped", lambda stage: event("mapping_missing", stage)),
        Look("lineage-unknown-event", lambda stage: event("schema_drift", stage)),
    ),
    "console:record": (
        Look("record-invoice", lambda stage: f"/records/invoice/{paid().pk}/"),
        Look("record-subscription", lambda stage: f"/records/subscription/{subscription()}/"),
    ),
    "console:tours": (Look("tours", at("/tours/")),),
    "console:tour": (
        Look("tour", at("/tours/quote-to-cash/")),
        Look("tour-revops", at("/tours/usage-overage/"), by="Ines"),
    ),
}
