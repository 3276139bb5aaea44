"""Webhooks out: signed when sent, sent again when refused, and hit by the faults."""

from __future__ import annotations

import asyncio
import json
import random
from collections import deque
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from connectors.schemes import sign_timestamped
from connectors.systems.stripe.sandbox.faults import Faults
from connectors.systems.stripe.sandbox.world import Obj, World, new_id

_AT_ONCE: Final = 16
_TIMEOUT_S: Final = 10


class Hooks:
    """
    Sends each event to every endpoint (``webhook_endpoint`` objects of the world).
    ``deliveries`` are the last ones, newest last;
    ``client`` sends them.
    """

    def __init__(self, world: World, faults: Faults, *, retry_base_s: float, retries: int) -> None:
        self._world = world
        self._faults = faults
        self._retry_base_s = retry_base_s
        self._retries = retries
        self._tasks: set[asyncio.Task[None]] = set()
        self.client: httpx.AsyncClient | None = None
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=200)
        world.listeners.append(self.send)

    def point(self, *, url: str, secret: str, events: list[str] | None = None) -> Obj:
        """Send events to this address from now on; the same address again changes its secret."""
        for known in self._world.all("webhook_endpoint"):
            if known["url"] == url:
                known["secret"] = secret
                return known
        return self._world.add(
            {
                "id": new_id("we"),
                "object": "webhook_endpoint",
                "enabled_events": events or ["*"],
                "secret": secret,
                "status": "enabled",
                "url": url,
            }
        )

    def forget(self) -> None:
        self._world.objects.pop("webhook_endpoint", None)

    def send(self, event: Obj) -> None:
        """Start the deliveries of an event; needs a running event loop when there are any."""
        for endpoint in self._world.all("webhook_endpoint"):
            wanted = endpoint["enabled_events"]
            if "*" not in wanted and event["type"] not in wanted:
                continue
            if self._faults.strikes("drop_webhooks"):
                self._note(event, endpoint, 0, "dropped")
                continue
            copies = 2 if self._faults.strikes("duplicate_webhooks") else 1
            for _ in range(copies):
                task = asyncio.get_running_loop().create_task(self._deliver(event, endpoint))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is being delivered."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.client is not None:
            await self.client.aclose()
            self.client = None

    async def _deliver(self, event: Obj, endpoint: Obj) -> None:
        body = json.dumps(event, indent=2).encode()
        if self._faults.strikes("reorder"):
            await asyncio.sleep(random.uniform(0, 3))
        for attempt in range(self._retries + 1):
            async with self._gate:
                status = await self._post(body, endpoint)
            self._note(event, endpoint, attempt + 1, status)
            if isinstance(status, int) and 200 <= status < 300:
                return
            await asyncio.sleep(self._retry_base_s * 2**attempt)

    async def _post(self, body: bytes, endpoint: Obj) -> int | str:
        at = datetime.now(tz=UTC)
        signature = sign_timestamped(body=body, secret=endpoint["secret"], at=at)
        if self.client is None:
            self.client = httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False)
        try:
            answer = await self.client.post(
                endpoint["url"],
                content=body,
                headers={
                    "Content-Type": "application/json; charset=utf-8",
                    "Stripe-Signature": signature,
                    "User-Agent": "Stripe/1.0 (sandbox)",
                },
            )
        except httpx.HTTPError as error:
            return type(error).__name__
        return answer.status_code

    def _note(self, event: Obj, endpoint: Obj, attempt: int, result: int | str) -> None:
        self.deliveries.append(
            {
                "event": event["id"],
                "type": event["type"],
                "url": endpoint["url"],
                "attempt": attempt,
                "result": result,
            }
        )
