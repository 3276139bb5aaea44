"""
What can go wrong on purpose, switched by ``POST /_control/faults`` with a JSON object.

Each switch is true (always), a number of times (``slow``: of seconds), or false, which ends it.

    down           503 as from a proxy; nothing is done
    throttle       429; ``retry_after`` in its header when that is given, without JSON
    unauthorized   401
    slow           answers after ``seconds``
    refuse         422 to a change, as of a ticket whose required field is empty
    conflict       409 to a change, as if somebody had saved the ticket meanwhile
    response_lost  a change is made and never answered
    garbage        done, and answered with a page
    drop_webhooks  no webhook is called
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

WRITES: Final = ("refuse", "conflict", "response_lost")
NAMES: Final = ("down", "throttle", "unauthorized", "slow", "garbage", "drop_webhooks", *WRITES)


class Faults:
    """``hit`` counts down what is switched on a number of times."""

    def __init__(self) -> None:
        self._on: dict[str, Any] = {}
        self.retry_after: int | None = None

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Raises ValueError for a switch that does not exist."""
        for name, value in wanted.items():
            if name == "retry_after":
                self.retry_after = int(value) if value else None
            elif name not in NAMES:
                raise ValueError(f"There is no fault “{name}”; there are {', '.join(NAMES)}.")
            elif value:
                self._on[name] = value
            else:
                self._on.pop(name, None)

    def hit(self, name: str) -> bool:
        value = self._on.get(name)
        if not value:
            return False
        if value is not True:
            self._on[name] = value - 1
        return True

    @property
    def pause(self) -> float:
        return float(self._on.get("slow") or 0)

    def shown(self) -> dict[str, Any]:
        return {name: {"times": value} for name, value in self._on.items() if value}

    def clear(self) -> None:
        self._on.clear()
        self.retry_after = None
