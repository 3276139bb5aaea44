"""Subscriptions: the handshake when one is made or renewed, and the notifications."""

from __future__ import annotations

import json
from urllib.parse import urlencode

from connectors.sandboxes.calls import HOOK, Caller
from connectors.sandboxes.faults import Faults
from connectors.systems.business_central.sandbox.odata import refused
from connectors.systems.business_central.sandbox.world import Company, World

_GONE_AFTER = (400, 401, 403, 404, 405, 410, 413)


class Hooks(Caller):
    """A subscription whose call is refused for good is deleted; 408, 429 and 5xx are not that."""

    def __init__(self, world: World, faults: Faults) -> None:
        super().__init__()
        self._world = world
        self._faults = faults

    async def shake(self, url: str) -> None:
        """Raises Refused unless the token comes back."""
        token = self._world.guid()
        mark = "&" if "?" in url else "?"
        address = f"{url}{mark}{urlencode({'validationToken': token})}"
        status, said = await self.ask(address, content=b"", headers={})
        self.called.append({"handshake": url, "result": status})
        if status != 200 or said.decode("utf-8", "replace").strip() != token:
            raise refused(
                f"The remote endpoint did not answer the validation request: {status}.",
                "BadRequest",
            )

    def tell(self, company: Company, collection: str, guid: str, change: str) -> None:
        """Needs a running event loop when somebody listens."""
        resource = f"/api/v2.0/companies({company.id})/{collection}"
        for row in list(self._world.subscriptions.values()):
            if row.get("resource") != resource:
                continue
            if self._faults.hit("drop_webhooks", HOOK):
                self.called.append({"subscriptionId": row["subscriptionId"], "result": "dropped"})
                continue
            body = {
                "subscriptionId": row["subscriptionId"],
                "clientState": row.get("clientState") or "",
                "expirationDateTime": row["expirationDateTime"],
                "resource": f"{resource.removeprefix('/')}({guid})",
                "changeType": change,
                "lastModifiedDateTime": self._world.stamp(),
            }
            self.start(self._send(str(row["notificationUrl"]), row["subscriptionId"], body))

    async def _send(self, url: str, subscription: str, body: dict[str, str]) -> None:
        content = json.dumps({"value": [body]}).encode()
        status, _ = await self.ask(url, content=content, headers={
            "content-type": "application/json",
        })  # fmt: skip
        self.called.append({"subscriptionId": subscription, "result": status})
        if status in _GONE_AFTER:
            self._world.subscriptions.pop(subscription, None)
