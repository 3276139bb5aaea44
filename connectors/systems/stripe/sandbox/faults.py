"""What can go wrong on purpose."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(slots=True)
class Faults:
    """
    Shares are 0…1 of the calls or webhooks that they hit. ``slow`` is seconds added to each call,
    ``retry_after`` what a throttled answer asks for (None: nothing, as Stripe often does),
    ``search_lag`` how many seconds old an object is before search finds it. Above 1,
    ``duplicate_webhooks`` is how many further copies of each are sent.
    """

    down: float = 0
    throttle: float = 0
    retry_after: int | None = None
    slow: float = 0
    garbage: float = 0
    unauthorized: float = 0
    drop_webhooks: float = 0
    duplicate_webhooks: float = 0
    reorder: float = 0
    search_lag: float = 0

    def set(self, wanted: Mapping[str, Any]) -> None:
        """True stands for always, False for never. Raises ValueError for unknown names."""
        known = {item.name for item in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"“{name}” is no fault; there are {', '.join(sorted(known))}.")
            if name == "retry_after":
                self.retry_after = None if value in (None, False) else int(value)
            else:
                setattr(self, name, float(value))

    def clear(self) -> None:
        for name, value in asdict(Faults()).items():
            setattr(self, name, value)

    def strikes(self, name: str) -> bool:
        share: float = getattr(self, name)
        return share > 0 and (share >= 1 or random.random() < share)

    def shown(self) -> dict[str, Any]:
        return asdict(self)
