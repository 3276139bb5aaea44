"""Statements that the sandbox took: at work, done or failed, each by its handle."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from connectors.sandboxes.calls import Background
from connectors.systems.snowflake.sandbox.engine import Engine, Told
from connectors.systems.snowflake.sandbox.values import Failed

_REMEMBERED: Final = 2_000
_CANCELLED: Final = Failed("000604", "57014", "SQL execution canceled")


@dataclass(slots=True)
class Statement:
    """``told`` or ``failed`` once it has ended. ``request`` is the caller's id of it."""

    text: str
    bound: Sequence[Any]
    request: str
    handle: str = field(default_factory=lambda: str(uuid4()))
    began: int = field(default_factory=lambda: int(time.time() * 1000))
    told: Told | None = None
    failed: Failed | None = None

    @property
    def ended(self) -> bool:
        return self.told is not None or self.failed is not None


class Works:
    """Runs one statement at a time, and remembers the last of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._later = Background()
        self._all: dict[str, Statement] = {}
        self.runs = 0

    def take(self, text: str, bound: Sequence[Any], request: str, *, retry: bool) -> Statement:
        """With ``retry``, a statement that succeeded under the same request is not run again."""
        if retry and request:
            for known in self._all.values():
                if known.request == request and known.told is not None:
                    return known
        taken = Statement(text, bound, request)
        self._all[taken.handle] = taken
        for old in list(self._all)[:-_REMEMBERED]:
            del self._all[old]
        return taken

    def run(self, one: Statement) -> None:
        if one.ended:
            return
        self.runs += 1
        try:
            one.told = self._engine.run(one.text, one.bound)
        except Failed as failed:
            one.failed = failed

    def run_later(self, one: Statement, seconds: float) -> None:
        """Needs a running event loop."""

        async def after() -> None:
            await asyncio.sleep(seconds)
            self.run(one)

        self._later.start(after())

    def get(self, handle: str) -> Statement | None:
        return self._all.get(handle)

    def cancel(self, handle: str) -> bool:
        """Whether there was something to cancel."""
        one = self._all.get(handle)
        if one is None or one.ended:
            return False
        one.failed = _CANCELLED
        return True

    def seen(self) -> list[Mapping[str, Any]]:
        """The last statements, the newest last."""
        return [
            {
                "handle": one.handle, "request": one.request, "statement": one.text,
                "state": "failed" if one.failed else "done" if one.told else "at work",
            }
            for one in self._all.values()
        ]  # fmt: skip

    async def idle(self) -> None:
        await self._later.idle()

    def reset(self) -> None:
        self._later.drop()
        self._all.clear()

    async def aclose(self) -> None:
        await self._later.aclose()
