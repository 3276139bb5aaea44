"""The sandbox's sign-in: assertions for access tokens that end, or calls that are signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from functools import cache
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import parse_qsl, quote, unquote

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from starlette.requests import Request

PATH: Final = "/services/rest/auth/oauth2/v1/token"
CLIENT_ID: Final = "sandbox-client-id"
CERTIFICATE_ID: Final = "sandbox-certificate"
LASTS_S: Final = 3600
_ALGORITHMS: Final = ("PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
# Consumer key, consumer secret, token, token's secret.
TOKENS: Final = {
    "consumer_key": "sandbox-consumer",
    "consumer_secret": "sandbox consumer's secret",
    "token_id": "sandbox-token",
    "token_secret": "sandbox-token-secret",
}
_PART: Final = re.compile(r'(\w+)="([^"]*)"')
_FRESH_S: Final = 300
_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@cache
def private_key() -> str:
    """A key of this process, for connections to a sandbox."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode("ascii")


PRIVATE_KEY: Final = private_key()


class Refused(Exception):
    """An OAuth error; the message is its code."""


class Door:
    def __init__(self, config: Mapping[str, Any]) -> None:
        self._client_id = str(config.get("client_id") or CLIENT_ID)
        self._certificate = str(config.get("certificate_id") or CERTIFICATE_ID)
        pem = str(config.get("private_key") or PRIVATE_KEY)
        self._public = load_pem_private_key(pem.encode(), None).public_key()
        self._ends: dict[str, float] = {}
        self._tokens = {name: str(config.get(name) or told) for name, told in TOKENS.items()}
        self._nonces: set[str] = set()
        self.issued = 0

    def sign_in(self, form: Mapping[str, str]) -> dict[str, Any]:
        """Raises Refused."""
        if form.get("grant_type") != "client_credentials":
            raise Refused("unsupported_grant_type")
        if form.get("client_assertion_type") != _TYPE:
            raise Refused("invalid_request")
        assertion = form.get("client_assertion", "")
        try:
            kid = jwt.get_unverified_header(assertion).get("kid")
            claims = jwt.decode(
                assertion,
                self._public,  # type: ignore[arg-type]  # PyJWT refuses others
                algorithms=list(_ALGORITHMS),
                options={"verify_aud": False, "require": ["iss", "aud", "exp", "iat", "scope"]},
                leeway=30,
            )
        except jwt.PyJWTError as error:
            raise Refused("invalid_grant") from error
        known = (claims["iss"], kid) == (self._client_id, self._certificate)
        short = claims["exp"] - claims["iat"] < LASTS_S
        if not (known and short and str(claims["aud"]).endswith(PATH)):
            raise Refused("invalid_grant")
        if "rest_webservices" not in str(claims["scope"]):
            raise Refused("invalid_scope")
        token = token_urlsafe(24)
        self._ends[token] = time.monotonic() + LASTS_S
        self.issued += 1
        return {"access_token": token, "expires_in": str(LASTS_S), "token_type": "Bearer"}

    def admits(self, request: Request) -> bool:
        kind, _, told = request.headers.get("authorization", "").partition(" ")
        if kind == "OAuth":
            return self._signed(
                request, {name: unquote(part) for name, part in _PART.findall(told)}
            )
        return kind == "Bearer" and time.monotonic() < self._ends.get(told, 0)

    def _signed(self, request: Request, told: dict[str, str]) -> bool:
        """As in RFC 5849, 3.4.1; a nonce counts once, and a timestamp for five minutes."""
        realm, given = told.pop("realm", ""), told.pop("oauth_signature", "")
        held = self._tokens
        known = (told.get("oauth_consumer_key"), told.get("oauth_token"))
        nonce, stamp = told.get("oauth_nonce", ""), told.get("oauth_timestamp", "")
        fresh = stamp.isdecimal() and abs(int(stamp) - time.time()) < _FRESH_S
        if known != (held["consumer_key"], held["token_id"]) or nonce in self._nonces:
            return False
        if not (fresh and len(nonce) >= 6 and realm == realm.upper() and "-" not in realm):
            return False
        self._nonces.add(nonce)
        pairs = parse_qsl(request.url.query, keep_blank_values=True) + list(told.items())
        query = "&".join(sorted(f"{quote(a, safe='')}={quote(b, safe='')}" for a, b in pairs))
        address = str(request.url).partition("?")[0]
        text = f"{request.method}&{quote(address, safe='')}&{quote(query, safe='')}"
        secret = "&".join(quote(held[one], safe="") for one in ("consumer_secret", "token_secret"))
        made = hmac.digest(secret.encode(), text.encode(), hashlib.sha256)
        return hmac.compare_digest(base64.b64encode(made).decode("ascii"), given)

    def expire(self) -> None:
        """All tokens end at once."""
        self._ends.clear()
