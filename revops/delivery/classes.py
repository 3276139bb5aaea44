"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "OutboundCommand": {INTERNAL: "business_key drafted_id", PII: "payload reason"},
    "Attempt": {INTERNAL: "outcome", PII: "reason excerpt wire"},
    "Gate": {INTERNAL: "breaker drainer", PII: "story window_note paused_by pause_reason"},
    "WeeklyWindow": {INTERNAL: "starts", PII: "note announced_by"},
}
