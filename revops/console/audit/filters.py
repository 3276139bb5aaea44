"""The address of the list of acts."""

from __future__ import annotations

from datetime import date
from typing import Final

from revops.web.filters import Filters, Key

WHEN: Final = {"today": "Today", "week": "Last 7 days", "month": "Last 31 days"}
KINDS: Final = {
    "approval": "Approvals", "case": "Cases", "connection": "Connections", "credit": "Credits",
    "customer": "Customers", "file": "Files", "flow": "Flows", "period": "Periods",
    "person": "People", "service token": "Service tokens", "session": "Sessions",
    "audit trail": "The trail itself",
}  # fmt: skip


def _no_address(text: str) -> str:
    """An address of a page is kept by browsers and logs: nobody's e-mail belongs into one."""
    if "@" in text:
        raise ValueError("E-mail addresses are not searched for.")
    return text


def _day(text: str) -> str:
    return date.fromisoformat(text).isoformat()


ACTS: Final = Filters(
    Key("q", label="Words or id", accept=_no_address),
    Key("who", label="Who"),
    Key("action", label="Act"),
    Key("kind", label="Object", choices=KINDS),
    Key("when", label="When", choices=WHEN),
    Key("since", label="Since", accept=_day),
    Key("until", label="Until", accept=_day),
)
