"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, Classes

CLASSES: Final[Classes] = {
    "Link": {INTERNAL: "from_kind to_kind"},
}
