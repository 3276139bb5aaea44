"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "InboundEvent": {INTERNAL: "account body_sha256 waits_for", PII: "body reason"},
    "EventConflict": {INTERNAL: "body_sha256", PII: "body"},
    "BusinessEvent": {INTERNAL: "contract", PII: "data note"},
    "SourceCursor": {INTERNAL: "cursor", PII: "problem"},
}
