"""How a call proves where it comes from: one of the usual families, chosen for each connection."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from connectors import schemes
from connectors.contract import PayloadUnreadable, SignatureInvalid
from connectors.systems.rest.reading import OWN, parsed

NONE: Final = "none"
STANDARD: Final = "standard_webhooks"
TIMESTAMPED: Final = "timestamped_hmac"
HEX: Final = "body_hmac_hex"
BASE64: Final = "body_hmac_base64"
SHARED: Final = "shared_secret"
BASIC: Final = "basic"
FAMILIES: Final = (NONE, STANDARD, TIMESTAMPED, HEX, BASE64, SHARED, BASIC)
# These prove who called and nothing of what was said: the object is asked for.
SENDER_ONLY: Final = frozenset({SHARED, BASIC})
# Where each family has its proof when the connection names no header.
HEADERS: Final[Mapping[str, str]] = {
    STANDARD: "webhook-signature",
    TIMESTAMPED: "x-signature",
    HEX: "x-signature",
    BASE64: "x-signature",
    SHARED: "x-webhook-secret",
    BASIC: "authorization",
}
_MOST_OFFERED: Final = 10


def sign_body(*, body: bytes, secret: str, family: str) -> str:
    """HMAC-SHA256 over the body alone, in hex or base64."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return mac.hex() if family == HEX else base64.b64encode(mac).decode()


def verify(
    family: str,
    header: str,
    *,
    body: bytes,
    headers: Mapping[str, str],
    secrets: Sequence[str],
    at: datetime,
) -> None:
    """``header`` is blank for the family's usual one. Raises SignatureInvalid."""
    name = (header or HEADERS.get(family, "")).lower()
    given = headers.get(name, "")
    match family:
        case "standard_webhooks":
            schemes.verify_standard(
                body=body, message_id=headers.get("webhook-id", ""),
                timestamp=headers.get("webhook-timestamp", ""), signatures=given,
                secrets=secrets, at=at,
            )  # fmt: skip
        case "timestamped_hmac":
            schemes.verify_timestamped(body=body, header=given, secrets=secrets, at=at)
        case "body_hmac_hex" | "body_hmac_base64":
            _verify_body(family, given, body=body, secrets=secrets)
        case "shared_secret":
            schemes.verify_shared(header=given, secrets=secrets)
            _names_only(body)
        case "basic":
            schemes.verify_basic(header=given, secrets=secrets)
            _names_only(body)
        case _:
            raise SignatureInvalid("This connection takes no webhooks.")


def _verify_body(family: str, header: str, *, body: bytes, secrets: Sequence[str]) -> None:
    """Any of the signatures that the header lists, each also as ``sha256=…``; no time is bound."""
    usable = [secret for secret in secrets if len(secret) >= schemes.SHORTEST_SHARED]
    if not usable:
        raise SignatureInvalid("No signing secret of at least 16 characters is configured.")
    offered = [
        one.strip().removeprefix("sha256=").encode("utf-8", "surrogateescape")
        for one in header.split(",")[:_MOST_OFFERED]
    ]
    made = [sign_body(body=body, secret=secret, family=family).encode() for secret in usable]
    matches = [hmac.compare_digest(one, another) for one in made for another in offered]
    if not any(matches):
        raise SignatureInvalid("No signature matches a configured secret.")


def _names_only(body: bytes) -> None:
    """Whoever proves itself alone cannot pass for an answer that we were given."""
    try:
        told = parsed(body)
    except PayloadUnreadable:
        return
    if any(name in told for name in OWN):
        raise SignatureInvalid("The call says of itself that it was read by us.")
