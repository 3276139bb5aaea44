"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "JournalEntry": {INTERNAL: "business_key rate_source", PII: "description"},
    "JournalLine": {INTERNAL: "account source_line customer_ref item", PII: "memo"},
    "RevenueSchedule": {
        INTERNAL: (
            "business_key line_id chain deferral_account revenue_account customer_ref stop_reason"
        ),
    },
    "Recognition": {},
    "GivenBack": {INTERNAL: "invoice_key line_id"},
}
