"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Stream": {INTERNAL: "source customer_ref"},
    "Batch": {},
    "Record": {INTERNAL: "usage_id"},
    "RecordKey": {INTERNAL: "content"},
    "Conflict": {INTERNAL: "usage_id content", PII: "body"},
    "Refused": {INTERNAL: "usage_id", PII: "body reason"},
    "DayTotal": {INTERNAL: "problem"},
    "Account": {INTERNAL: "problem"},
    "Policy": {INTERNAL: "calendar thresholds"},
    "RatedLine": {INTERNAL: "late_for reason terms steps"},
    "Crossing": {},
}
