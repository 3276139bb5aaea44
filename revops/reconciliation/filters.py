"""What the lists of reconciliation can be narrowed by."""

from __future__ import annotations

from typing import Final

from revops.reconciliation.models import BreakType
from revops.reconciliation.queries.breaks import DECIDE
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
MATCHING: Final = Filters(
    Key("left", label="Left", chip=False), Key("right", label="Right", chip=False)
)
