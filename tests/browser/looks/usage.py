"""Usage and what it was rated at."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import account, at, dearest
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "usage:accounts": (
        Look("usage", at("/usage/")),
        Look("usage-nothing-matches", at("/usage/?q=nowhere")),
        Look("usage-support", at("/usage/"), by="Tom"),
    ),
    "usage:account": (
        Look("usage-account", lambda stage: f"/usage/{account()}/"),
        Look("usage-account-support", lambda stage: f"/usage/{account()}/", by="Tom"),
    ),
    "usage:line": (Look("usage-line", lambda stage: f"/usage/lines/{dearest().pk}/"),),
    "usage:records": (
        Look("usage-records", lambda stage: f"/usage/lines/{dearest().pk}/records/"),
    ),
}
