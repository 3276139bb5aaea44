"""The connections of the two worked examples, and commands by hand, for tests and the demo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from connectors import commands
from connectors.contract import Command, Settings
from connectors.published import KIND
from connectors.systems.rest.proof import HEX, TIMESTAMPED

_EVENTS: Final = {"desk": "entitlement.*, subscription.activated", "plans": "entitlement.*"}
_EXAMPLES: Final = Path(__file__).with_name("examples")


def example(name: str) -> str:
    """``desk.mapping``, ``desk.messages``, ``plans.mapping`` or ``plans.messages``, as typed."""
    return _EXAMPLES.joinpath(f"{name}.json").read_text(encoding="utf-8").strip()


def parameters(name: str) -> dict[str, Any]:
    """Of the connection of an example, ``desk`` or ``plans``."""
    shared = {
        "mapping": example(f"{name}.mapping"), "messages": example(f"{name}.messages"),
        "events": _EVENTS[name],
    }  # fmt: skip
    if name == "desk":
        return {
            **shared, "sign_in": "bearer", "proof": HEX, "proof_header": "x-desk-signature",
        }  # fmt: skip
    return {
        **shared, "sign_in": "oauth2_client", "client_id": "console", "token_url": "/oauth/token",
        "client_as": "body", "proof": TIMESTAMPED, "proof_header": "plans-signature",
    }  # fmt: skip


def settings(name: str, base_url: str, secrets: Mapping[str, str]) -> Settings:
    return Settings(slug="rest", base_url=base_url, parameters=parameters(name), secrets=secrets)


def granted(number: int, **data: Any) -> Command:
    """``entitlement.granted`` as the line sends it."""
    payload = {
        "type": "entitlement.granted",
        "contract": "entitlement.granted/1",
        "occurred_at": "2026-11-03T09:15:00+00:00",
        "legal_entity": "US-INC",
        "data": {
            "entitlement_id": f"ent_{number}", "customer_id": f"cus_{number}",
            "subscription_id": "", "feature": "exports", "quantity": "25", "unit": "seats",
            "meter": "", "effective_on": "2026-11-03", "ends_on": None, **data,
        },
    }  # fmt: skip
    return commands.by_hand(KIND, f"rc1-granted{number:04}", payload)
