"""How the sandbox is set up, and signing in by client credentials or a signed assertion."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from connectors.sandboxes import tokens

CLIENT_ID: Final = "3MVG9sandbox.consumer.key"
CLIENT_SECRET: Final = "0123456789ABCDEF"  # noqa: S105 - of a server that holds nothing
ORGANIZATION: Final = "00D5g000000sandEAA"
USERNAME: Final = "revops@sandbox.example"
_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# Salesforce refuses assertions that end later than this.
_LONGEST_S: Final = 180


@dataclass(frozen=True, slots=True)
class Config:
    """
    ``public_key``: PEM of the certificate's key, for assertions. ``webhook_url``: where outbound
    messages go. ``state_path``: a file that outlives a restart. ``batch``: records in an answer.
    """

    client_id: str = CLIENT_ID
    client_secret: str = CLIENT_SECRET
    organization: str = ORGANIZATION
    username: str = USERNAME
    public_key: str = ""
    webhook_url: str = ""
    state_path: str = ""
    batch: int = 100
    retry_base_s: float = 1.0
    retries: int = 10


class Tokens(tokens.Tokens):
    def __init__(self, config: Config) -> None:
        super().__init__(f"{config.organization}!")
        self._config = config

    def sign_in(self, form: str) -> tuple[int, dict[str, Any]]:
        given = {name: values[0] for name, values in parse_qs(form).items()}
        grant = given.get("grant_type")
        if grant == "client_credentials":
            if given.get("client_id") != self._config.client_id:
                return 400, _error("invalid_client_id", "client identifier invalid")
            if given.get("client_secret") != self._config.client_secret:
                return 400, _error("invalid_client", "invalid client credentials")
        elif grant == _JWT:
            problem = self._problem(given.get("assertion", ""))
            if problem:
                return 400, _error("invalid_grant", problem)
        else:
            return 400, _error("unsupported_grant_type", "grant type not supported")
        return 200, {
            "access_token": self.issue(),
            "signature": secrets.token_urlsafe(32),
            "scope": "api",
            "instance_url": "https://sandbox.my.salesforce.com",
            "id": f"https://login.salesforce.com/id/{self._config.organization}/0055g0000000001AAA",
            "token_type": "Bearer",
            "issued_at": str(int(time.time() * 1000)),
        }

    def _problem(self, assertion: str) -> str:
        """Why an assertion is refused; empty when it is good."""
        head, _, signature = assertion.rpartition(".")
        try:
            key = load_pem_public_key(self._config.public_key.encode())
            claims = json.loads(_bytes(head.partition(".")[2]))
            if not isinstance(key, rsa.RSAPublicKey):
                return "invalid assertion"
            key.verify(_bytes(signature), head.encode(), padding.PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, ValueError, binascii.Error):
            return "invalid assertion"
        if claims.get("iss") != self._config.client_id:
            return "invalid client"
        if claims.get("sub") != self._config.username:
            return "user hasn't approved this consumer"
        if claims.get("aud") not in ("https://login.salesforce.com", "https://test.salesforce.com"):
            return "audience is invalid"
        left = int(claims.get("exp", 0)) - time.time()
        return "" if 0 < left <= _LONGEST_S else "expired authorization code"


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _error(code: str, words: str) -> dict[str, Any]:
    return {"error": code, "error_description": words}
