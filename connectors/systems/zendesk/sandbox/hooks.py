"""The webhook of the sandbox's event subscription: signed as Zendesk signs, called once each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from connectors.sandboxes.calls import Webhook
from connectors.schemes import sign_stamped
from connectors.systems.zendesk.sandbox.world import stamp
from revops.kernel import clock


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


class Hooks(Webhook):
    """Calls the subscription's address, once for each event."""

    def call(self, kind: str, ticket: Mapping[str, Any]) -> None:
        """Needs a running event loop when there is somebody to call."""
        self.tell(event(kind, ticket))

    def signed(self, body: Mapping[str, Any]) -> tuple[bytes, Mapping[str, str]]:
        content, at = json.dumps(body).encode(), stamp(clock.now())
        return content, {
            "content-type": "application/json",
            "x-zendesk-webhook-id": "sandbox",
            "x-zendesk-webhook-signature-timestamp": at,
            "x-zendesk-webhook-signature": sign_stamped(body=content, secret=self.secret, stamp=at),
        }
