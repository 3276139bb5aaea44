"""Recorded payloads, changed for a test, and what the connector makes of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connectors.contract import Envelope, Settings
from connectors.systems.stripe import connector as module
from connectors.systems.stripe.connector import connector

FOLDER = Path(module.__file__).with_name("fixtures")


def body(fixture: str, /, **changes: Any) -> dict[str, Any]:
    """The event of a fixture; ``changes`` replace members of the object that it carries."""
    event: dict[str, Any] = json.loads((FOLDER / f"{fixture}.json").read_text(encoding="utf-8"))
    event["data"]["object"].update(copy.deepcopy(changes))
    return event


def opened(event: dict[str, Any]) -> Envelope:
    return connector.open(json.dumps(event).encode())


def told(event: dict[str, Any] | str, zone: str = "UTC", **parameters: Any) -> Sequence[Any]:
    """What an event, or the fixture of that name, tells."""
    envelope = opened(body(event) if isinstance(event, str) else event)
    settings = Settings(slug="stripe", base_url="", zone=zone, parameters=parameters)
    return connector.translate(envelope, settings)


def only(event: dict[str, Any] | str, zone: str = "UTC") -> Any:
    (single,) = told(event, zone)
    return single
