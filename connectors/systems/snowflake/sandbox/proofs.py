"""Who calls the sandbox: a JWT signed with the key whose public half the user has."""

from __future__ import annotations

import base64
import hashlib
import time
from functools import cache
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_LONGEST_S: Final = 3600
_SKEW_S: Final = 30


@cache
def private_key() -> str:
    """A key of this process, for connections to a sandbox."""
    key = rsa.generate_private_key(65537, 2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


class Door:
    """``pem`` is the private key, of which only the public half is kept."""

    def __init__(self, *, account: str, user: str, pem: str) -> None:
        # Checking that it is a good key takes long, and is for the caller.
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("The sandbox needs an RSA key.")
        self._public = key.public_key()
        der = self._public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        print_ = base64.b64encode(hashlib.sha256(der).digest()).decode("ascii")
        self._subject = f"{account}.{user}".upper()
        self._issuer = f"{self._subject}.SHA256:{print_}"

    def admits(self, authorization: str, kind: str) -> bool:
        """Without a kind, Snowflake sees for itself what the token is."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer" or kind not in ("", "KEYPAIR_JWT"):
            return False
        try:
            told = jwt.decode(
                token, self._public, algorithms=["RS256"], leeway=_SKEW_S,
                options={"require": ["iss", "sub", "iat", "exp"]},
            )  # fmt: skip
        except jwt.PyJWTError:
            return False
        fresh = time.time() - told["iat"] < _LONGEST_S
        return fresh and (told["iss"], told["sub"]) == (self._issuer, self._subject)
