"""
What can go wrong on purpose, switched by ``POST /_control/faults`` with a JSON object.

Each switch is true (always), a number of times (for ``slow`` and ``late_commit``: of seconds), or
an object of ``times``, ``after`` (how many pass first), ``seconds`` and ``on``, the work that
it strikes: ``read``, ``insert``, ``update``, ``write`` (both) or ``any``. False switches it off.

    down           503 as from a proxy; nothing is done                          (any)
    throttle       429 and GS_APIG_2404; ``retry_after`` in its header           (any)
    throttle_200   the same in a body whose status is 200                        (any)
    unauthorized   401 and GS_APIG_2401                                          (any)
    slow           answers after ``seconds``                                     (any)
    hang           is never answered, nothing is done                            (any)
    refuse         ``result`` false with GSOBJ_1008 and status 200               (write)
    partial        the last record is left out, with a fault beside the others   (write)
    response_lost  done, but never answered                                      (write)
    late_commit    never answered, and done ``seconds`` later                    (write)
    garbage        done, and answered with a page and status 200                 (any)
    drop_webhooks  rules post nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SCOPES: Final = {
    "down": "any",
    "throttle": "any",
    "throttle_200": "any",
    "unauthorized": "any",
    "slow": "any",
    "hang": "any",
    "refuse": "write",
    "partial": "write",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": "any",
    "drop_webhooks": "hook",
}
_TIMED: Final = ("slow", "late_commit")
_ALWAYS: Final = -1


@dataclass(slots=True)
class Fault:
    times: int
    on: str
    after: int = 0
    seconds: float = 0


class Faults:
    """``hit`` counts down what is switched on a number of times."""

    def __init__(self) -> None:
        self._on: dict[str, Fault] = {}
        self.retry_after: int | None = None

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Raises ValueError for a switch that does not exist."""
        for name, value in wanted.items():
            if name == "retry_after":
                self.retry_after = int(value) if value else None
            elif name not in SCOPES:
                raise ValueError(f"There is no fault “{name}”; there are {', '.join(SCOPES)}.")
            elif not value:
                self._on.pop(name, None)
            else:
                self._on[name] = _fault(name, value)

    def hit(self, name: str, work: str) -> Fault | None:
        """The fault, when it strikes this kind of work."""
        fault = self._on.get(name)
        if fault is None or not _covers(fault.on, work):
            return None
        if fault.after:
            fault.after -= 1
            return None
        if fault.times != _ALWAYS:
            fault.times -= 1
            if fault.times <= 0:
                del self._on[name]
        return fault

    def shown(self) -> dict[str, dict[str, Any]]:
        return {
            name: {
                "times": True if fault.times == _ALWAYS else fault.times,
                "on": fault.on,
                "seconds": fault.seconds,
            }
            for name, fault in self._on.items()
        }

    def clear(self) -> None:
        self._on.clear()
        self.retry_after = None


def _fault(name: str, value: Any) -> Fault:
    plain = {"seconds": value} if name in _TIMED else {"times": value}
    given = dict(value) if isinstance(value, Mapping) else plain
    times = given.pop("times", True)
    return Fault(_ALWAYS if times is True else int(times), **{"on": SCOPES[name], **given})


def _covers(on: str, work: str) -> bool:
    return on in ("any", work) or (on == "write" and work in ("insert", "update"))
