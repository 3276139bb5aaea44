"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "CloseCalendar": {INTERNAL: "holidays"},
    "TaskTemplate": {INTERNAL: "slug title area"},
    "Task": {INTERNAL: "title area"},
    "TaskMove": {INTERNAL: "to", PII: "note"},
    "PeriodSignOff": {INTERNAL: "role evidence told suspended_why", PII: "note"},
    "Waiver": {INTERNAL: "test money", PII: "reason"},
    "LatePolicy": {INTERNAL: "way"},
    "LateChoice": {INTERNAL: "way proposed", PII: "reason"},
    "Certificate": {INTERNAL: "signature evidence period_state suspended_why", PII: "body"},
    "ReadinessSample": {INTERNAL: "area money"},
}
