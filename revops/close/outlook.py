"""When each close will be clean, from how long causes took before, and what one cause changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from revops.close.forecast import Forecast, foresee
from revops.close.queries.causes import Blocker
from revops.close.readiness import Readiness

_FEW = 3


@dataclass(frozen=True, slots=True)
class Without:
    """What the forecast says when one cause is cleared now."""

    blocker: Blocker
    forecast: Forecast


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast of a close; ``without`` for its most costly causes."""

    found: Readiness
    forecast: Forecast
    without: Sequence[Without]

    @property
    def state(self) -> str:
        """
        closed, ready, on_track, at_risk, left where no cause is open but a test is not true, or
        unknown where there is too little experience.
        """
        if self.found.closing.closed:
            return "closed"
        if self.forecast.clean:
            return "left" if self.found.stops else "ready"
        if self.forecast.p90 is None:
            return "unknown"
        return "at_risk" if self.forecast.misses(self.found.closing.target) else "on_track"

    @property
    def word(self) -> str:
        """Where a day would stand, when there is none to name."""
        words = {"closed": "closed", "ready": "now", "left": "tests left", "unknown": "not known"}
        return words.get(self.state, "")

    @property
    def days_late(self) -> int:
        p90 = self.forecast.p90
        return max(0, (p90 - self.found.closing.target).days) if p90 else 0


def outlook(found: Readiness, took: Mapping[int, Sequence[int]], at: datetime) -> Outlook:
    """Pure but for its arguments: the same causes give the same days."""
    experience = took.get(found.closing.entity_id, ())
    causes = list(found.blockers)
    return Outlook(
        found, _foresee(found, causes, experience, at),
        [
            Without(one, _foresee(found, [other for other in causes if other is not one],
                                  experience, at))
            for one in causes[:_FEW]
        ],
    )  # fmt: skip


def _foresee(
    found: Readiness, causes: Sequence[Blocker], took: Sequence[int], at: datetime
) -> Forecast:
    closing = found.closing
    return foresee(
        ages=[one.hours(at) for one in causes], took=took, at=at, zone=closing.zone,
        target=closing.target, holidays=closing.holidays,
    )  # fmt: skip
