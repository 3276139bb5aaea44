"""A stage in the life of a request, for pages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

# done, here (under way), stuck (a person is needed), stopped (it will not come), later
_TONES: Final = {"done": "ok", "here": "info", "stuck": "crit", "stopped": "none", "later": "none"}


@dataclass(frozen=True, slots=True)
class Stage:
    """``state``: done, here, stuck, stopped or later. ``case_id``: the case it is stuck in."""

    slug: str
    title: str
    state: str
    at: datetime | None = None
    note: str = ""
    case_id: int | None = None

    @property
    def tone(self) -> str:
        return _TONES[self.state]
