"""
Who may ask: an OAuth client by the tokens that it signed in for, an agent by an API token of old.

https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/; how a token that
ended is refused is from issues of zendesk/zendesk_api_client_rb.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from starlette.responses import JSONResponse, Response

from connectors.sandboxes.tokens import Tokens

EMAIL: Final = "console@example.com"
API_TOKEN: Final = "sandbox-api-token"  # noqa: S105 - of a desk that holds nothing
CLIENT_ID: Final = "revops_console_sandbox"
CLIENT_SECRET: Final = "sandbox-client-secret"  # noqa: S105 - of a desk that holds nothing
# What Zendesk gives new OAuth clients unless they ask for another time.
_LASTS_S: Final = 1800


class SignIn:
    def __init__(self, *, email: str, api_token: str, client_id: str, client_secret: str) -> None:
        self._proof = base64.b64encode(f"{email}/token:{api_token}".encode()).decode()
        self._client = client_id, client_secret
        self.tokens = Tokens()

    def answer(self, asked: Any) -> Response:
        """To a call for a token."""
        if not isinstance(asked, dict) or asked.get("grant_type") != "client_credentials":
            return _error(400, "unsupported_grant_type", "The grant type is not supported.")
        if (asked.get("client_id"), asked.get("client_secret")) != self._client:
            return _error(401, "invalid_client", "Client authentication failed.")
        return JSONResponse(
            {
                "access_token": self.tokens.issue(),
                "token_type": "bearer",
                "scope": asked.get("scope") or "read",
                "expires_in": _LASTS_S,
            }
        )

    def refusal(self, authorization: str) -> Response | None:
        """The answer to who may not ask; None for who may."""
        scheme, _, proof = authorization.partition(" ")
        if scheme == "Basic":
            said = {"error": "Couldn't authenticate you"}
            return None if proof == self._proof else JSONResponse(said, 401)
        return None if self.tokens.knows(proof) else token_ended()


def token_ended() -> Response:
    said = "The access token provided is expired, revoked, malformed or invalid for other reasons."
    return _error(401, "invalid_token", said)


def _error(status: int, word: str, said: str) -> Response:
    return JSONResponse({"error": word, "error_description": said}, status)
