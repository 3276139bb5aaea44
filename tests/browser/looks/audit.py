"""The trail of what people did."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "audit:trail": (
        Look("audit", at("/audit/"), by="Yuki"),
        Look("audit-nothing-matches", at("/audit/?q=nowhere"), by="Yuki"),
    ),
    "audit:act": (Look("audit-act", at("/audit/1/"), by="Yuki"),),
}
