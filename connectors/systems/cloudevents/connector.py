"""CloudEvents 1.0 over HTTP: what a product says its customers used, in any of the three modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors import schemes
from connectors.contract import ProbeStep, Settings
from connectors.http import Client, NotSent, Unanswered
from connectors.manifest import Manifest
from connectors.systems.cloudevents import wire

_FIELDS: Final = ("customer", "subscription", "meter", "quantity")
_NAMES: Final = {
    "customer": "customer_id",
    "subscription": "subscription_id",
    "meter": "meter",
    "quantity": "quantity",
}


class CloudEvents:
    """UsageSource and Probe."""

    def __init__(self) -> None:
        self.manifest = Manifest.beside(__file__)

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        schemes.verify_standard(
            body=body,
            message_id=headers.get("webhook-id", ""),
            timestamp=headers.get("webhook-timestamp", ""),
            signatures=headers.get("webhook-signature", ""),
            secrets=secrets,
            at=at,
        )

    def usage(
        self, body: bytes, headers: Mapping[str, str], settings: Settings
    ) -> Sequence[Mapping[str, Any]]:
        events = wire.events(body, headers)
        return [_mapped(event, settings) for event in events]

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """A product is only listened to: what can be looked at is the secret and the address."""
        secret = settings.secrets.get("signing_secret", "")
        good = secret.startswith("whsec_") and len(secret) > 20
        detail = "" if good else "It begins with whsec_ and is longer than 20 characters."
        steps = [ProbeStep("The signing secret has its form", good, detail)]
        try:
            answer = await client.call("GET", "/")
        except (NotSent, Unanswered) as error:
            return [ProbeStep("The product answers", False, str(error)), *steps]
        answered = answer.status < 500
        said = "" if answered else f"It answered with {answer.status}."
        return [ProbeStep("The product answers", answered, said), *steps]


def _mapped(event: Any, settings: Settings) -> Any:
    """The product's own names of members as ours; what is no object stays what it is."""
    data = event.get("data") if isinstance(event, Mapping) else None
    if not isinstance(data, Mapping):
        return event
    found: dict[str, Any] = {}
    for field in _FIELDS:
        name = settings.parameters.get(f"{field}_field") or _NAMES[field]
        if name in data:
            found[_NAMES[field]] = data[name]
    return {**event, "data": found}


connector = CloudEvents()
