"""The areas of a close, and which one has to act on a case. Each case is in exactly one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Area:
    """``noun`` is what was looked at in it: “1,284 invoices checked”."""

    slug: str
    label: str
    noun: str


AREAS: Final = (
    Area("billing_sync", "Billing sync", "invoices"),
    Area("erp_posting", "ERP posting", "journals"),
    Area("tax", "Tax", "invoices"),
    Area("payments", "Payments", "payments"),
    Area("credits", "Credits", "credits"),
    Area("reconciliation", "Reconciliation", "reconciliations"),
    Area("approvals", "Approvals", "decisions"),
    Area("revenue", "Revenue", "revenue lines"),
)
BY_SLUG: Final = {area.slug: area for area in AREAS}

_CREDITS: Final = frozenset({"more_than_charged"})
_REVENUE: Final = frozenset({"period_end_failed", "usage_unpriced", "service_period_missing"})
_BILLING: Final = frozenset({
    "webhooks_missing", "schema_drift", "event_conflict", "dependency_overdue", "card_number",
    "customer_unmatched", "renewal_failed", "record_missing", "ownership_drift", "stale_price",
    "usage_conflict", "usage_refused", "usage_unmatched", "poison",
})  # fmt: skip
_PAYMENTS: Final = frozenset({"payment", "refund", "payout", "dispute", "application", "fee"})


def area_of(kind: str, *, about: str = "", tax: bool = False, compared: str = "") -> str:
    """
    Whose a case or a break is, by its kind; ``about`` is the kind of record it names, ``tax``
    whether a tax code is what it lacks, ``compared`` the area of the check that found a break.
    What nobody claims hinders posting.
    """
    if tax or kind == "break_tax":
        return "tax"
    if kind.startswith("break_"):
        return compared or "reconciliation"
    if kind in _CREDITS or kind.startswith("credit_"):
        return "credits"
    if kind in _REVENUE:
        return "revenue"
    if about in _PAYMENTS:
        return "payments"
    if kind in _BILLING:
        return "billing_sync"
    return "approvals" if kind == "audit_trail_broken" else "erp_posting"
