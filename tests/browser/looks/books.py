"""The books: journals, schedules, periods."""

from __future__ import annotations

from typing import Final

from tests.browser.addresses import at, closed_period, journal, journal_in_doubt, period, schedule
from tests.browser.looks import Look

PAGES: Final[dict[str, tuple[Look, ...]]] = {
    "console:journals": (
        Look("journals", at("/books/")),
        Look("journals-none", at("/books/?q=nothing-like-it")),
    ),
    "console:schedules": (Look("schedules", at("/books/schedules/")),),
    "console:schedule": (Look("schedule", lambda stage: f"/books/schedules/{schedule()}/"),),
    "console:rollforward": (Look("rollforward", at("/books/deferred-revenue/")),),
    "console:periods": (
        Look("periods", at("/books/periods/")),
        Look("periods-auditor", at("/books/periods/"), by="Yuki"),
    ),
    "console:period": (
        Look("period", period, by="Marcus"),
        Look("period-closed", closed_period),
    ),
    "console:trial-balance": (Look("trial-balance", at("/books/trial-balance/")),),
    "console:journal": (
        Look("journal-posted", journal),
        Look("journal-in-doubt", journal_in_doubt),
    ),
}
