"""What a tenant's rules would post to the console, and how that went."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Final

import httpx

from connectors.systems.gainsight.sandbox.faults import Faults

_TIMEOUT_S: Final = 10


class Rules:
    """Posts bodies with the shared secret, once each."""

    def __init__(self, faults: Faults, *, url: str, secret: str) -> None:
        self._faults = faults
        self.url = url
        self.secret = secret
        self._tasks: set[asyncio.Task[None]] = set()
        self.posted: deque[dict[str, Any]] = deque(maxlen=200)

    def post(self, body: Mapping[str, Any]) -> None:
        """Needs a running event loop when there is somebody to post to."""
        if not self.url:
            return
        if self._faults.hit("drop_webhooks", "hook"):
            self.posted.append({"event": body.get("event"), "result": "dropped"})
            return
        task = asyncio.get_running_loop().create_task(self._send(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is being posted."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, body: Mapping[str, Any]) -> None:
        result: int | str
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
                answer = await client.post(
                    self.url,
                    content=json.dumps(body).encode(),
                    headers={
                        "Content-Type": "application/json",
                        "X-RevOps-Secret": self.secret,
                    },
                )
                result = answer.status_code
        except httpx.HTTPError as error:
            result = type(error).__name__
        self.posted.append({"event": body.get("event"), "result": result})
