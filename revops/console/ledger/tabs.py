"""The pages of the books, as tabs; the entity and the period that were chosen go along."""

from __future__ import annotations

from typing import Final

from django.http import QueryDict
from django.urls import reverse

from revops.web.filters import Filters, State

SCOPE: Final = Filters()
_PAGES: Final = (
    ("console:journals", "Journal entries"),
    ("console:schedules", "Revenue schedules"),
    ("console:rollforward", "Deferred revenue"),
    ("console:trial-balance", "Trial balance"),
    ("console:periods", "Periods"),
)


def tabs_of(here: str, state: State) -> list[tuple[str, str, bool]]:
    """(label, address, current)."""
    kept = SCOPE.read(QueryDict()).changed(
        {"entity": state.one("entity"), "period": state.one("period")}
    )
    return [(label, kept.address(reverse(name)), name == here) for name, label in _PAGES]
