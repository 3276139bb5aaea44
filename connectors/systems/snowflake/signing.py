"""
The JWT that proves who calls (https://docs.snowflake.com/en/developer-guide/sql-api/authenticating,
*Using key-pair authentication*): signed by the user's private key, whose public half Snowflake has.

It is made anew for each call, so none ever ends on the way.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from connectors.contract import Outcome, Settings
from connectors.problem import Problem

# Snowflake takes none for longer than an hour after it was issued.
_LASTS_S: Final = 300
# As if issued a little earlier: Snowflake's clock may be behind ours.
_EARLIER_S: Final = 30


class Signer:
    """Raises Problem for a private key that is none."""

    def __init__(self, settings: Settings) -> None:
        self._key = _key(settings.secrets.get("private_key", ""))
        account = str(settings.parameters.get("account") or "")
        user = str(settings.parameters.get("user") or "")
        self._subject = f"{account}.{user}".upper()
        self._issuer = f"{self._subject}.{fingerprint(self._key.public_key())}"

    def token(self, at: datetime) -> str:
        seconds = int(at.timestamp())
        claims = {
            "iss": self._issuer,
            "sub": self._subject,
            "iat": seconds - _EARLIER_S,
            "exp": seconds + _LASTS_S,
        }
        return jwt.encode(claims, self._key, algorithm="RS256")


def fingerprint(key: RSAPublicKey) -> str:
    """As DESCRIBE USER shows it as RSA_PUBLIC_KEY_FP."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"SHA256:{base64.b64encode(hashlib.sha256(der).digest()).decode('ascii')}"


def _key(pem: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, RSAPrivateKey):
        return key
    reason = "The private key is no RSA key in PEM form without a password."
    raise Problem(Outcome.AUTH, "sign_in", reason)
