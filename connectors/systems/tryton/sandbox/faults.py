"""
Faults that can be switched on while the sandbox runs.

``POST /_control/faults`` takes a JSON object of switches; null, false or 0 switches one off. Each
is true (always), a number of times (for ``slow`` and ``late_commit``: of seconds), or an object:
``times``, ``after`` (how many it lets pass first), ``seconds``, ``status`` and ``on``, the work
that it strikes: ``create``, ``post``, ``delete``, ``search``, ``write`` (the first three) or
``any``.

    down           503 as from a proxy whose server is gone; nothing is done     (any)
    throttle       ``status`` 429, or 503; nothing is done                       (any)
    unauthorized   401, nothing is done                                          (any)
    slow           answers after ``seconds``                                     (any)
    hang           is never answered, nothing is done                            (any)
    lock_503       the sequence is locked: 503 in Tryton's words, nothing done   (post)
    refuse_post    refused in words, as an installed module might; nothing done  (post)
    response_lost  done, but never answered; with ``seconds``, then 504          (write)
    late_commit    never answered, and done ``seconds`` later                    (write)
    garbage        done, and answered with a page and status 200                 (any)

    retry_after      seconds that a throttled answer asks for
    reject_accounts  codes of accounts that are closed; ``UK-LTD/2100`` in that company alone
    unique_parties   false: several parties may have one code
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

SCOPES: Final = {
    "down": "any",
    "slow": "any",
    "hang": "any",
    "lock_503": "post",
    "refuse_post": "post",
    "response_lost": "write",
    "late_commit": "write",
    "garbage": "any",
    "throttle": "any",
    "unauthorized": "any",
}
_TIMED: Final = ("slow", "late_commit")
_ALWAYS: Final = -1


@dataclass(slots=True)
class Fault:
    times: int
    on: str
    after: int = 0
    seconds: float = 0
    status: int = 429


class Faults:
    """The switches. ``hit`` counts down what is switched on a number of times."""

    def __init__(self) -> None:
        self._on: dict[str, Fault] = {}
        self.retry_after: int | None = None

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Raises ValueError for a switch that does not exist."""
        for name, value in wanted.items():
            if name == "retry_after":
                self.retry_after = int(value) if value else None
                continue
            if name not in SCOPES:
                raise ValueError(f"There is no fault “{name}”.")
            if not value:
                self._on.pop(name, None)
                continue
            plain = {"seconds": value} if name in _TIMED else {"times": value}
            given = dict(value) if isinstance(value, Mapping) else plain
            times = given.pop("times", True)
            times = _ALWAYS if times is True else int(times)
            self._on[name] = Fault(times, **{"on": SCOPES[name], **given})

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

    def __bool__(self) -> bool:
        return bool(self._on)


def _covers(on: str, work: str) -> bool:
    return on == "any" or on == work or (on == "write" and work in ("create", "post", "delete"))
