"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Rule": {INTERNAL: "measure", PII: "name"},
    "Alert": {INTERNAL: "why_ended", PII: "sentence note"},
    "Sample": {INTERNAL: "measure"},
}
