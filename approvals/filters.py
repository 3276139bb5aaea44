"""The inbox's state in its address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from approvals import subjects
from revops.web.filters import Filters, Key

ME: Final = "me"
TABS: Final[Mapping[str, str]] = {
    ME: "For me", "team": "Team", "sent": "Sent by me", "done": "Done",
}  # fmt: skip
RISKS: Final[Mapping[str, str]] = {"raised": "With a flag"}
ORDERS: Final[Mapping[str, str]] = {"due": "Due first", "amount": "Largest first"}

INBOX: Final = Filters(
    Key("tab", default=ME, choices=TABS, chip=False),
    Key("kind", label="Type", choices={}),
    Key("risk", label="Risk", choices=RISKS),
    Key("sort", label="Order", default="due", choices=ORDERS, chip=False),
    Key("show", chip=False),
)


def kinds() -> dict[str, str]:
    """The subjects that can be asked for now."""
    return {one.slug: one.label for one in subjects.all()}
