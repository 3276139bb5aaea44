"""One message: its body, its three headers, and when it is told at all."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Final

from connectors import published, schemes
from connectors.commands import PayloadRefused
from connectors.contract import Command, Settings
from revops.kernel.strict_json import dumps

# The standard's own bounds: a shorter key can be guessed, a longer one is cut by some libraries.
_KEY_BYTES: Final = range(24, 65)
# A new one beside the one that it replaces.
_MOST_SECRETS: Final = 2


def body(command: Command) -> bytes:
    """``{"type", "timestamp", "data"}``, as the standard has it. Raises PayloadRefused."""
    told = published.of(command)
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
    """
    ``secret`` may be several, parted by spaces, while one takes the place of another: each signs,
    and whoever knows one of them believes it. Raises PayloadRefused when one is none that may sign.
    """
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            schemes.sign_standard(body=content, secret=one, at=at, message_id=message_id)
            for one in _secrets(secret)
        ),
        "content-type": "application/json",
    }


def path(settings: Settings) -> str:
    found = str(settings.parameters.get("path") or "/").strip()
    return found if found.startswith("/") else f"/{found}"


def _secrets(text: str) -> list[str]:
    found = text.split()
    if not found or len(found) > _MOST_SECRETS or not all(_may_sign(one) for one in found):
        raise PayloadRefused("The signing secret is not whsec_ and base64 of 24 to 64 bytes.")
    return found


def _may_sign(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(key) in _KEY_BYTES
