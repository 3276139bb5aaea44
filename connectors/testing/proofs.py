"""A call as a webhook's sender makes it, by the family of its proof (``connectors.schemes``)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from connectors import schemes
from connectors.manifest import Signature

# Families that prove the sender alone: neither the time nor all of the body is bound to them.
SENDER_ONLY: Final = frozenset({"shared_secret", "basic", "client_state"})
_ID: Final = "msg_1"


def signed(
    signature: Signature, *, body: bytes, secret: str, at: datetime
) -> tuple[bytes, Mapping[str, str]]:
    """Body and headers. Raises LookupError for a family that only its connector knows."""
    header = signature.header
    match signature.scheme:
        case "timestamped":
            return body, {header: schemes.sign_timestamped(body=body, secret=secret, at=at)}
        case "shared_secret":
            return body, {header: schemes.sign_shared(body=body, secret=secret, at=at)}
        case "basic":
            return body, {header: schemes.sign_basic(body=body, secret=secret, at=at)}
        case "standard":
            proof = schemes.sign_standard(body=body, secret=secret, at=at, message_id=_ID)
            stamp = str(int(at.timestamp()))
            return body, {header: proof, "webhook-id": _ID, "webhook-timestamp": stamp}
        case "stamped":
            stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
            proof = schemes.sign_stamped(body=body, secret=secret, stamp=stamp)
            return body, {header: proof, f"{header}-timestamp": stamp}
        case "client_state":
            return schemes.sign_client_state(body=body, secret=secret), {}
    raise LookupError(signature.scheme)
