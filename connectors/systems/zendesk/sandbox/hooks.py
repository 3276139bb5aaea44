"""The webhook of the sandbox's event subscription: signed as Zendesk signs, called once each."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import httpx

from connectors.schemes import sign_stamped
from connectors.systems.zendesk.sandbox.faults import Faults
from connectors.systems.zendesk.sandbox.world import stamp
from revops.kernel import clock

_TIMEOUT_S: Final = 10


def event(kind: str, ticket: Mapping[str, Any]) -> dict[str, Any]:
    """A body as an event subscription sends it; words of fields are in capitals there."""
    return {
        "type": f"zen:event-type:ticket.{kind}",
        "account_id": 1,
        "id": str(uuid4()),
        "time": stamp(clock.now()),
        "zendesk_event_version": "2022-11-06",
        "subject": f"zen:ticket:{ticket['id']}",
        "detail": {
            "id": str(ticket["id"]),
            "subject": ticket["subject"],
            "status": str(ticket["status"]).upper(),
            "priority": str(ticket["priority"] or "").upper() or None,
            "organization_id": str(ticket["organization_id"] or "") or None,
            "external_id": ticket["external_id"],
            "created_at": ticket["created_at"],
            "updated_at": ticket["updated_at"],
        },
        "event": {},
    }


class Hooks:
    def __init__(self, faults: Faults, *, url: str, secret: str) -> None:
        self._faults = faults
        self.url = url
        self.secret = secret
        self._tasks: set[asyncio.Task[None]] = set()
        self.called: deque[dict[str, Any]] = deque(maxlen=200)

    def call(self, kind: str, ticket: Mapping[str, Any]) -> None:
        """Needs a running event loop when there is somebody to call."""
        if not self.url:
            return
        body = event(kind, ticket)
        if self._faults.hit("drop_webhooks"):
            self.called.append({"type": body["type"], "result": "dropped"})
            return
        task = asyncio.get_running_loop().create_task(self._send(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is being sent."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def aclose(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _send(self, body: Mapping[str, Any]) -> None:
        content, at = json.dumps(body).encode(), stamp(clock.now())
        headers = {
            "content-type": "application/json",
            "x-zendesk-webhook-id": "sandbox",
            "x-zendesk-webhook-signature-timestamp": at,
            "x-zendesk-webhook-signature": sign_stamped(body=content, secret=self.secret, stamp=at),
        }
        result: int | str
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as client:
                result = (await client.post(self.url, content=content, headers=headers)).status_code
        except httpx.HTTPError as error:
            result = type(error).__name__
        self.called.append({"type": body["type"], "result": result})
