"""Customers as one, and what may be twice."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at, merge, pair, party
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "console:customers": (
        Look("customers", at("/customers/")),
        Look("customers-support", at("/customers/"), by="Tom"),
    ),
    "console:customer": (
        Look("customer", lambda stage: f"/customers/{party()}/"),
        Look("customer-support", lambda stage: f"/customers/{party()}/", by="Tom"),
    ),
    "console:duplicates": (
        Look("duplicates", at("/customers/duplicates/")),
        Look("duplicates-apart", at("/customers/duplicates/?state=kept_apart"), by="Ines"),
        Look("duplicates-nothing", at("/customers/duplicates/?q=nowhere")),
    ),
    "console:duplicate": (
        Look("duplicate", pair("open"), by="Ines"),
        Look("duplicate-merged", pair("merged")),
        Look("duplicate-support", pair("open"), by="Tom"),
    ),
    "console:merge": (
        Look("merge", merge, by="Ines"),
        Look("merge-auditor", merge, by="Yuki"),
    ),
    "console:customer-parent": (
        Look("customer-parent", lambda stage: f"/customers/{party()}/parent/?q=a", by="Ines"),
    ),
}
