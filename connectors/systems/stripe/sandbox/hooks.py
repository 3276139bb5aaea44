"""Webhooks out: signed when sent, sent again when refused, and hit by the faults."""

from __future__ import annotations

import asyncio
import json
import random
from datetime import UTC, datetime
from typing import Final

from connectors.sandboxes.calls import HOOK, Caller
from connectors.sandboxes.faults import Faults
from connectors.schemes import sign_timestamped
from connectors.systems.stripe.sandbox.world import Obj, World, new_id

_AT_ONCE: Final = 16


class Hooks(Caller):
    """
    Sends each event to every endpoint (``webhook_endpoint`` objects of the world), and again when
    it is refused.
    """

    def __init__(self, world: World, faults: Faults, *, retry_base_s: float, retries: int) -> None:
        super().__init__()
        self._world = world
        self._faults = faults
        self._retry_base_s = retry_base_s
        self._retries = retries
        self._gate = asyncio.Semaphore(_AT_ONCE)
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
            if self._faults.hit("drop_webhooks", HOOK):
                self._note(event, endpoint, 0, "dropped")
                continue
            again = self._faults.hit("duplicate_webhooks", HOOK)
            for _ in range(1 + (max(1, int(again.seconds)) if again else 0)):
                self.start(self._deliver(event, endpoint))

    async def _deliver(self, event: Obj, endpoint: Obj) -> None:
        body = json.dumps(event, indent=2).encode()
        if self._faults.hit("reorder", HOOK):
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
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "Stripe/1.0 (sandbox)",
        }
        status, _ = await self.ask(endpoint["url"], content=body, headers=headers)
        return status

    def _note(self, event: Obj, endpoint: Obj, attempt: int, result: int | str) -> None:
        self.called.append(
            {
                "event": event["id"],
                "type": event["type"],
                "url": endpoint["url"],
                "attempt": attempt,
                "result": result,
            }
        )
