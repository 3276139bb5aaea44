"""
How systems sign what they send, one family per pair of functions. Raw bytes in, no parsing.

Comparison is on bytes: ``hmac.compare_digest`` raises on text outside of ASCII, and a header is
whatever the caller chose to send.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.contract import SignatureInvalid
from revops.kernel import strict_json

TOLERANCE_S: Final = 300
SHORTEST_SHARED: Final = 16
# More than any sender uses while it rotates; each costs one HMAC comparison per secret.
_MAX_SIGNATURES: Final = 10


def sign_timestamped(*, body: bytes, secret: str, at: datetime) -> str:
    """A ``t=…,v1=…`` header: hex HMAC-SHA256 over ``<seconds>.<raw body>`` (Stripe's family)."""
    seconds = int(at.timestamp())
    return f"t={seconds},v1={_mac(secret, seconds, body).decode()}"


def verify_timestamped(
    *,
    body: bytes,
    header: str,
    secrets: Sequence[str],
    at: datetime,
    tolerance_s: int = TOLERANCE_S,
) -> None:
    """
    Accept when any ``v1`` matches any secret and the time is within the tolerance, early or late.

    Raises SignatureInvalid; its text is for our log, the caller is told nothing but *no*.
    """
    if not secrets:
        raise SignatureInvalid("No signing secret is configured.")
    seconds, offered = _parts(header)
    if abs(at.timestamp() - seconds) > tolerance_s:
        raise SignatureInvalid("The signature's time is outside of the tolerance.")
    # Every pair is compared, so that the time taken tells nothing about which secret matched.
    matches = [
        hmac.compare_digest(_mac(secret, seconds, body), signature)
        for secret in secrets
        for signature in offered
    ]
    if not any(matches):
        raise SignatureInvalid("No signature matches a configured secret.")


def sign_shared(*, body: bytes, secret: str, at: datetime) -> str:
    """The header of a system that cannot sign and sends a secret instead: the secret itself."""
    return secret


def verify_shared(*, header: str, secrets: Sequence[str]) -> None:
    """
    Accept when the header is any of the secrets. It proves who called, and neither what was said
    nor when: who may see one call can make others. Raises SignatureInvalid.

    A secret shorter than 16 characters is never accepted, because it could be guessed.
    """
    usable = [secret.encode() for secret in secrets if len(secret) >= SHORTEST_SHARED]
    if not usable:
        raise SignatureInvalid("No shared secret of at least 16 characters is configured.")
    offered = header.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(secret, offered) for secret in usable]
    if not any(matches):
        raise SignatureInvalid("The shared secret is not the configured one.")


def sign_basic(*, body: bytes, secret: str, at: datetime) -> str:
    """The header of a system that calls with a name and a password: ``name:password`` as secret."""
    return f"Basic {base64.b64encode(secret.encode()).decode()}"


def verify_basic(*, header: str, secrets: Sequence[str]) -> None:
    """
    Accept when the header is HTTP's basic authentication (RFC 7617) with any of the secrets, each
    ``name:password``. It proves no more than ``verify_shared``. Raises SignatureInvalid.
    """
    scheme, _, offered = header.strip().partition(" ")
    if scheme.lower() != "basic":
        raise SignatureInvalid("The call carries no basic authentication.")
    try:
        login = base64.b64decode(offered.strip().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise SignatureInvalid("The basic authentication cannot be read.") from error
    verify_shared(header=login.decode("utf-8", "surrogateescape"), secrets=secrets)


def sign_client_state(*, body: bytes, secret: str) -> bytes:
    """The body of a call whose notifications each carry the secret as ``clientState``."""
    told = json.loads(body)
    for one in told["value"]:
        one["clientState"] = secret
    return json.dumps(told).encode()


def verify_client_state(*, body: bytes, secrets: Sequence[str]) -> None:
    """
    Accept when each notification of ``{"value": [{"clientState": …}, …]}`` carries any of the
    secrets (Microsoft's family). It proves no more than ``verify_shared``, and nothing at all of
    who wrote the rest. Raises SignatureInvalid, also for a body that is none of this form.
    """
    try:
        told = strict_json.loads(body)
    except strict_json.JsonRefused as error:
        raise SignatureInvalid("The call cannot be read.") from error
    listed = told.get("value") if isinstance(told, dict) else None
    if not isinstance(listed, list) or not listed:
        raise SignatureInvalid("The call holds no notification.")
    for one in listed:
        state = one.get("clientState") if isinstance(one, dict) else None
        verify_shared(header=state if isinstance(state, str) else "", secrets=secrets)


_CLIENT_STATE: Final = re.compile(rb'("clientState"\s*:\s*)"(?:[^"\\]|\\.)*"')


def without_client_state(body: bytes) -> bytes:
    """
    The body as it may be stored, however its sender wrote the secret: some write a plus sign as an
    escape.
    """
    return _CLIENT_STATE.sub(rb'\1"(secret)"', body)


def sign_standard(*, body: bytes, secret: str, at: datetime, message_id: str = "msg_1") -> str:
    """
    A Standard Webhooks signature, ``v1,<base64>``: HMAC-SHA256 over ``id.seconds.body``, with the
    secret's base64 part as its key. Id and time travel in headers of their own.
    """
    mac = _standard_mac(secret, message_id, str(int(at.timestamp())), body)
    return f"v1,{mac.decode()}"


def verify_standard(
    *,
    body: bytes,
    message_id: str,
    timestamp: str,
    signatures: str,
    secrets: Sequence[str],
    at: datetime,
    tolerance_s: int = TOLERANCE_S,
) -> None:
    """Accept when any ``v1`` signature matches any secret in time. Raises SignatureInvalid."""
    if not secrets:
        raise SignatureInvalid("No signing secret is configured.")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        raise SignatureInvalid("The webhook-timestamp header names no time.")
    if abs(at.timestamp() - int(timestamp)) > tolerance_s:
        raise SignatureInvalid("The signature's time is outside of the tolerance.")
    offered = [
        text.partition(",")[2].encode("utf-8", "surrogateescape")
        for text in signatures.split()[:_MAX_SIGNATURES]
        if text.startswith("v1,")
    ]
    if not message_id or not offered:
        raise SignatureInvalid("The headers hold no id or no v1 signature.")
    matches = [
        hmac.compare_digest(_standard_mac(secret, message_id, timestamp, body), signature)
        for secret in secrets
        for signature in offered
    ]
    if not any(matches):
        raise SignatureInvalid("No signature matches a configured secret.")


def sign_stamped(*, body: bytes, secret: str, stamp: str) -> str:
    """
    Base64 HMAC-SHA256 over the timestamp's text and the raw body, with nothing between them
    (Zendesk's family). The timestamp, ISO 8601, travels in a header of its own.
    """
    return _stamped_mac(secret, stamp, body).decode()


def verify_stamped(
    *,
    body: bytes,
    stamp: str,
    signature: str,
    secrets: Sequence[str],
    at: datetime,
    tolerance_s: int = TOLERANCE_S,
) -> None:
    """Accept when the signature matches any secret in time. Raises SignatureInvalid."""
    if not secrets:
        raise SignatureInvalid("No signing secret is configured.")
    try:
        moment = datetime.fromisoformat(stamp.strip()) if stamp.isascii() else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SignatureInvalid("The timestamp header names no time.")
    if abs((at - moment).total_seconds()) > tolerance_s:
        raise SignatureInvalid("The signature's time is outside of the tolerance.")
    offered = signature.strip().encode("utf-8", "surrogateescape")
    matches = [
        hmac.compare_digest(_stamped_mac(secret, stamp, body), offered) for secret in secrets
    ]
    if not any(matches):
        raise SignatureInvalid("No signature matches a configured secret.")


def _stamped_mac(secret: str, stamp: str, body: bytes) -> bytes:
    message = stamp.encode("utf-8", "surrogateescape") + body
    return base64.b64encode(hmac.new(secret.encode(), message, hashlib.sha256).digest())


def _standard_mac(secret: str, message_id: str, timestamp: str, body: bytes) -> bytes:
    part = secret.removeprefix("whsec_")
    try:
        key = base64.b64decode(part, validate=True)
    except (binascii.Error, ValueError):
        key = part.encode()  # a secret that is plain text
    named = message_id.encode("utf-8", "surrogateescape")
    message = b"%s.%s.%s" % (named, timestamp.encode(), body)
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest())


def _parts(header: str) -> tuple[int, list[bytes]]:
    times: list[str] = []
    offered: list[bytes] = []
    for item in header.split(","):
        name, _, value = item.strip().partition("=")
        if name == "t":
            times.append(value)
        elif name == "v1" and len(offered) < _MAX_SIGNATURES:
            offered.append(value.encode("utf-8", "surrogateescape"))
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit() and len(times[0]) <= 12):
        raise SignatureInvalid("The signature header names no time.")
    if not offered:
        raise SignatureInvalid("The signature header holds no v1 signature.")
    return int(times[0]), offered


def _mac(secret: str, seconds: int, body: bytes) -> bytes:
    message = b"%d." % seconds + body
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest().encode("ascii")
