"""What the lists of credits know of their addresses."""

from __future__ import annotations

from typing import Final

from revops.credits import life
from revops.web.filters import Filters, Key

_STATES: Final = {
    "open": "Open",
    "waiting": "Waiting for approval",
    "issuing": "Being issued",
    "issued": "Issued",
    "unapplied": "Issued, not applied",
    "partly": "Partly applied",
    "applied": "Applied",
    "ended": "Not given",
}
_SINCE: Final = {"30": "30 days", "90": "90 days", "365": "12 months"}

CREDITS: Final = Filters(
    Key("q", label="Number, customer, invoice or case"),
    Key("state", label="State", choices=_STATES),
    Key("type", label="Kind", choices={slug: words[0] for slug, words in life.TYPES.items()}),
)
LEAKAGE: Final = Filters(
    Key("since", label="Of the last", choices=_SINCE, default="90", chip=False)
)
