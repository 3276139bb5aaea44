"""What the made-up systems tell by themselves, each proved in its own way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from connectors import schemes
from connectors.sandboxes.calls import Webhook
from connectors.systems.rest import proof
from connectors.systems.rest.sandbox.world import Row
from revops.kernel import clock

DESK_HEADER: Final = "x-desk-signature"
PLANS_HEADER: Final = "plans-signature"


class DeskHooks(Webhook):
    about = "event"

    def told(self, resource: str, row: Row) -> None:
        one = {"companies": "company", "tickets": "ticket"}[resource]
        self.tell({"event": f"{one}.changed", "data": {one: row}})

    def signed(self, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        content = json.dumps(body).encode()
        mac = proof.sign_body(body=content, secret=self.secret, family=proof.HEX)
        return content, {"content-type": "application/json", DESK_HEADER: f"sha256={mac}"}


class PlansHooks(Webhook):
    about = "topic"

    def told(self, resource: str, row: Row) -> None:
        self.tell({"topic": f"{resource}.changed", "payload": row})

    def signed(self, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        content = json.dumps(body).encode()
        stamped = schemes.sign_timestamped(body=content, secret=self.secret, at=clock.now())
        return content, {"content-type": "application/json", PLANS_HEADER: stamped}
