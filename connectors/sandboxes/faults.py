"""
What can go wrong on purpose, switched while a sandbox runs by ``POST /_control/faults``.

Each switch is true (always), a number of times, or an object: ``times``, ``after`` (how many it
lets pass first), ``seconds``, ``status``, and ``on``, the kind of work that it strikes. The number
of a switch that is about time is seconds. False, null or 0 switches it off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from starlette.requests import Request

ANY: Final = "any"
LONGEST_HANG_S: Final = 600.0
_ALWAYS: Final = -1
_LOOK_S: Final = 0.05


class Switches(Protocol):
    """What the door of a sandbox turns."""

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Raises ValueError for a switch that does not exist."""

    def clear(self) -> None: ...

    def shown(self) -> Mapping[str, Any]: ...


@dataclass(slots=True)
class Fault:
    times: int
    on: str
    after: int = 0
    seconds: float = 0
    status: int = 429


class Faults:
    """
    ``scopes`` are the switches, each with the kind of work that it strikes; ``wider`` says which
    kinds a wider one stands for; ``timed`` are those whose plain number is seconds.
    ``retry_after``: seconds that a throttled answer asks for, None for none.
    """

    def __init__(
        self,
        scopes: Mapping[str, str],
        *,
        wider: Mapping[str, Sequence[str]] | None = None,
        timed: Sequence[str] = ("slow", "late_commit"),
    ) -> None:
        self._scopes = scopes
        self._wider = wider or {}
        self._timed = timed
        self._on: dict[str, Fault] = {}
        self.retry_after: int | None = None

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Raises ValueError for a switch that does not exist."""
        for name, value in wanted.items():
            if name == "retry_after":
                self.retry_after = int(value) if value else None
            elif name not in self._scopes:
                known = ", ".join(self._scopes)
                raise ValueError(f"There is no fault “{name}”; there are {known}.")
            elif not value:
                self._on.pop(name, None)
            else:
                self._on[name] = self._fault(name, value)

    def hit(self, name: str, work: str = ANY) -> Fault | None:
        """The fault, when it strikes this kind of work; counts down what is on some times."""
        fault = self._on.get(name)
        if fault is None or not self._covers(fault.on, work):
            return None
        if fault.after:
            fault.after -= 1
            return None
        if fault.times != _ALWAYS:
            fault.times -= 1
            if fault.times <= 0:
                del self._on[name]
        return fault

    async def wait(self, work: str = ANY) -> None:
        """As long as ``slow`` says."""
        slow = self.hit("slow", work)
        if slow is not None:
            await asyncio.sleep(slow.seconds)

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

    def _fault(self, name: str, value: Any) -> Fault:
        plain = {"seconds": value} if name in self._timed else {"times": value}
        given = dict(value) if isinstance(value, Mapping) else plain
        times = given.pop("times", True)
        count = _ALWAYS if times is True else int(times)
        return Fault(count, **{"on": self._scopes[name], **given})

    def _covers(self, on: str, work: str) -> bool:
        return on in (ANY, work) or work in self._wider.get(on, ())


async def hang(request: Request, seconds: float = 0) -> None:
    """Until the caller has gone; at most ``seconds``, when they are given."""
    end = asyncio.get_running_loop().time() + (seconds or LONGEST_HANG_S)
    while asyncio.get_running_loop().time() < end and not await request.is_disconnected():
        await asyncio.sleep(_LOOK_S)
