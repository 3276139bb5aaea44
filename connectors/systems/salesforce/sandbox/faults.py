"""
Faults that can be switched on while the sandbox runs.

``POST /_control/faults`` takes a JSON object of switches; null, false or 0 switches one off. Each
is true (always), a number of times (for ``slow``, ``late_commit`` and ``late_visible``: of
seconds), or an object: ``times``, ``after`` (how many it lets pass first), ``seconds`` and ``on``,
the work that it strikes: ``read``, ``write``, ``token`` or ``any``.

    down            503 as of a gateway; nothing is done                         (any)
    throttle        403 REQUEST_LIMIT_EXCEEDED; nothing is done                  (data)
    unauthorized    401 INVALID_SESSION_ID, whatever the token is                (data)
    expire_session  401 INVALID_SESSION_ID, and the token is no good any more    (data)
    slow            answers after ``seconds``                                    (any)
    hang            is never answered, nothing is done                           (any)
    lock_row        UNABLE_TO_LOCK_ROW for the records of the call               (write)
    change_values   a trigger of Salesforce's sets texts that we wrote to others (write)
    response_lost   done, but never answered                                     (write)
    late_commit     never answered, and done ``seconds`` later                   (write)
    late_visible    what changes is not to be seen for ``seconds``               (write)
    garbage         done, and answered with a page and status 200                (any)

    drop_webhooks, duplicate_webhooks    outbound messages are lost, or sent twice
    retry_after     seconds that a throttled answer asks for; Salesforce itself asks for none
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

_DATA: Final = "data"
SCOPES: Final = {
    "down": "any",
    "slow": "any",
    "hang": "any",
    "throttle": _DATA,
    "unauthorized": _DATA,
    "expire_session": _DATA,
    "lock_row": "write",
    "change_values": "write",
    "response_lost": "write",
    "late_commit": "write",
    "late_visible": "write",
    "garbage": "any",
    "drop_webhooks": "webhook",
    "duplicate_webhooks": "webhook",
}
_TIMED: Final = ("slow", "late_commit", "late_visible")
_ALWAYS: Final = -1


@dataclass(slots=True)
class Fault:
    times: int
    on: str
    after: int = 0
    seconds: float = 0


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
            count = _ALWAYS if times is True else int(times)
            self._on[name] = Fault(count, **{"on": SCOPES[name], **given})

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


def _covers(on: str, work: str) -> bool:
    return on in ("any", work) or (on == _DATA and work in ("read", "write"))
