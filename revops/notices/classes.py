"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Notice": {PII: "title text", INTERNAL: "link mail chat"},
    "Preference": {INTERNAL: "mail"},
}
