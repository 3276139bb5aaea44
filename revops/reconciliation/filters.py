"""What the lists of reconciliation can be narrowed by."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.models import BreakType
from revops.reconciliation.queries.breaks import DECIDE
from revops.reconciliation.queries.leftovers import LARGEST, OLDEST
from revops.reconciliation.queries.lines import STATES
from revops.web.filters import Filters, Key

RUNS: Final = Filters(
    Key("pair", label="Reconciliation", choices={}),
    Key("status", label="Status", choices=STATES),
)
BREAKS: Final = Filters(
    Key(
        "type", label="Breaks",
        choices={DECIDE: "To decide", **dict(BreakType.choices)},
    ),
)  # fmt: skip
MATCHING_ORDERS: Final = {OLDEST: "Oldest first", LARGEST: "Largest first"}
MATCHING: Final = Filters(
    Key("left", label="Left", chip=False), Key("right", label="Right", chip=False),
    Key(
        "sort", label="First", choices=MATCHING_ORDERS,
        default=OLDEST, chip=False,
    ),
    Key("left_page", label="Page of the left", chip=False),
    Key("right_page", label="Page of the right", chip=False),
)  # fmt: skip
