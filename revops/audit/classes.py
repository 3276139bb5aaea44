"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Event": {
        INTERNAL: "actor roles on_behalf reference request_id salt detail_mac prev hash",
        PII: "detail",
    },
    "Head": {INTERNAL: "hash"},
    "Erasure": {INTERNAL: "request asked_by agreed_by progress", PII: "terms reason"},
}
