"""The webhook of the sandbox: basic authentication, and again when it is refused."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.sandboxes.calls import HOOK, Webhook
from connectors.sandboxes.faults import Faults
from connectors.schemes import sign_basic
from connectors.systems.chargebee.sandbox.world import Obj

# https://www.chargebee.com/docs/billing/2.0/site-configuration/webhook_settings: up to 7 retries.
_RETRIES: Final = 7
_AT_ONCE: Final = 16


class Hooks(Webhook):
    about = "event_type"

    def __init__(self, faults: Faults, *, url: str, secret: str, pause_s: float) -> None:
        super().__init__(faults, url=url, secret=secret)
        self._pause_s = pause_s
        self._gate = asyncio.Semaphore(_AT_ONCE)

    def send(self, event: Obj) -> None:
        """Needs a running event loop when there is somebody to call."""
        self.tell(event)
        if self.url and self._faults.hit("duplicate_webhooks", HOOK):
            self.tell(event)

    def signed(self, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        content = json.dumps(body).encode()
        return content, {
            "content-type": "application/json;charset=UTF-8",
            "authorization": sign_basic(body=content, secret=self.secret, at=datetime.now(UTC)),
        }

    async def _send(self, body: Mapping[str, Any]) -> None:
        content, headers = self.signed(body)
        for attempt in range(_RETRIES + 1):
            async with self._gate:
                result, _ = await self.ask(self.url, content=content, headers=headers)
            self._note(body, result)
            if isinstance(result, int) and 200 <= result < 300:
                return
            await asyncio.sleep(self._pause_s * 2**attempt)
