"""
Token-based authentication (TBA), which is OAuth 1.0: every call is signed by itself, and no token
is asked for. For integrations that exist: NetSuite takes no new ones as of 2027.1.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from connectors.contract import Outcome, Settings
from connectors.problem import Problem

METHOD: Final = "HMAC-SHA256"
_NEEDED: Final = ("consumer_key", "consumer_secret", "token_id", "token_secret")


def header(
    settings: Settings,
    method: str,
    path: str,
    params: Mapping[str, str],
    *,
    nonce: str,
    at: datetime,
) -> str:
    """The value of ``Authorization`` for one call. Raises Problem."""
    held = settings.secrets
    if not all(held.get(name) for name in _NEEDED):
        reason = "The connection lacks a key or a secret of token-based authentication."
        raise Problem(Outcome.AUTH, "sign_in", reason)
    told = {
        "oauth_consumer_key": held["consumer_key"],
        "oauth_token": held["token_id"],
        "oauth_nonce": nonce,
        "oauth_timestamp": str(int(at.timestamp())),
        "oauth_signature_method": METHOD,
        "oauth_version": "1.0",
    }
    signed = base_string(method, f"{settings.base_url.rstrip('/')}{path}", {**params, **told})
    key = f"{_encoded(held['consumer_secret'])}&{_encoded(held['token_secret'])}"
    digest = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    told["oauth_signature"] = base64.b64encode(digest).decode("ascii")
    parts = {"realm": realm(str(settings.parameters.get("account") or "")), **told}
    return "OAuth " + ", ".join(f'{name}="{_encoded(value)}"' for name, value in parts.items())


def base_string(method: str, url: str, params: Mapping[str, str]) -> str:
    """What is signed: parameters of the address and of the header, sorted, encoded twice."""
    pairs = sorted((_encoded(name), _encoded(value)) for name, value in params.items())
    listed = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(_encoded(part) for part in (method.upper(), url, listed))


def realm(account: str) -> str:
    """The account as NetSuite writes it where it is no part of an address."""
    return account.upper().replace("-", "_")


def _encoded(value: str) -> str:
    return quote(value, safe="")
