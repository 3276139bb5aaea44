"""One message: its body, its three headers, and when it is told at all."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import AwareDatetime

from connectors import schemes
from connectors.commands import PayloadRefused, read
from connectors.contract import Command, Settings
from revops.contracts.base import Part
from revops.kernel.strict_json import dumps

KIND: Final = "portal.event"
# The standard's own bounds: a shorter key can be guessed, a longer one is cut by some libraries.
_KEY_BYTES: Final = range(24, 65)


class Told(Part):
    """An event of the published language, as a subscriber gets it."""

    type: str
    contract: str
    occurred_at: AwareDatetime
    legal_entity: str
    data: Mapping[str, Any]


def body(command: Command) -> bytes:
    """``{"type", "timestamp", "data"}``, as the standard has it. Raises PayloadRefused."""
    told = read(
        command.kind, command.payload, {KIND: Told}, otherwise="This event cannot be told as it is"
    )
    return dumps({
        "type": told.type,
        "timestamp": told.occurred_at.isoformat(),
        "data": {
            "contract": told.contract,
            "legal_entity": told.legal_entity,
            **told.data,
        },
    }).encode()  # fmt: skip


def headers(*, message_id: str, content: bytes, secret: str, at: datetime) -> dict[str, str]:
    """Raises PayloadRefused when the secret is none that may sign."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": schemes.sign_standard(
            body=content, secret=_secret(secret), at=at, message_id=message_id
        ),
        "content-type": "application/json",
    }


def path(settings: Settings) -> str:
    found = str(settings.parameters.get("path") or "/").strip()
    return found if found.startswith("/") else f"/{found}"


def _secret(text: str) -> str:
    part = text.strip().removeprefix("whsec_")
    try:
        key = base64.b64decode(part, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) not in _KEY_BYTES:
        raise PayloadRefused("The signing secret is not whsec_ and base64 of 24 to 64 bytes.")
    return text.strip()
