"""What a sandbox does after it has answered: late work, and calls to a webhook's address."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Coroutine, Mapping
from typing import Any, ClassVar, Final

import httpx

from connectors import wire
from connectors.sandboxes.faults import Faults

HOOK: Final = "hook"
_TIMEOUT_S: Final = 10
_REMEMBERED: Final = 200


class Background:
    """Work of one event loop that nobody waits for."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Needs a running event loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def drop(self) -> None:
        """What is under way is given up."""
        for task in list(self._tasks):
            task.cancel()

    async def aclose(self) -> None:
        self.drop()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Caller(Background):
    """Calls others; ``client`` does it, ``called`` are the last calls, the newest last."""

    def __init__(self) -> None:
        super().__init__()
        self.client: httpx.AsyncClient | None = None
        self.called: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)

    async def ask(
        self, url: str, *, content: bytes, headers: Mapping[str, str]
    ) -> tuple[int | str, bytes]:
        """(the answer's status or the name of what went wrong, its body)"""
        if self.client is None:
            self.client = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False, verify=wire.tls())
        try:
            answer = await self.client.post(url, content=content, headers=headers)
        except httpx.HTTPError as error:
            return type(error).__name__, b""
        return answer.status_code, answer.content

    async def aclose(self) -> None:
        await super().aclose()
        if self.client is not None:
            await self.client.aclose()
            self.client = None


class Webhook(Caller, ABC):
    """
    One address, called once for each thing that happens, and not again when that fails. The fault
    ``drop_webhooks`` loses calls.
    """

    # Which member of a body tells what it is about.
    about: ClassVar[str] = "type"

    def __init__(self, faults: Faults, *, url: str, secret: str) -> None:
        super().__init__()
        self._faults = faults
        self.url = url
        self.secret = secret

    @abstractmethod
    def signed(self, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        """What goes out now for a body: bytes and headers."""

    def tell(self, body: Mapping[str, Any]) -> None:
        """Needs a running event loop when there is somebody to call."""
        if not self.url:
            return
        if self._faults.hit("drop_webhooks", HOOK):
            self._note(body, "dropped")
            return
        self.start(self._send(body))

    async def _send(self, body: Mapping[str, Any]) -> None:
        content, headers = self.signed(body)
        result, _ = await self.ask(self.url, content=content, headers=headers)
        self._note(body, result)

    def _note(self, body: Mapping[str, Any], result: int | str) -> None:
        self.called.append({self.about: body.get(self.about), "result": result})
