"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Promise": {INTERNAL: "label plan promise target made_by", PII: "note"},
    "Rule": {INTERNAL: "name on severities promise made_by", PII: "note"},
    "ServiceCredit": {INTERNAL: "ticket beyond decided_by reversing", PII: "sought note answer"},
    "Moment": {INTERNAL: "by", PII: "text"},
}
