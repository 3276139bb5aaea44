"""Machine-to-machine OAuth: a token for the pair of key and secret, said to last a day."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs

from starlette.responses import JSONResponse, Response

from connectors.sandboxes.tokens import Tokens

LASTS_S: Final = 86_400


class Door(Tokens):
    def __init__(self, client_id: str, client_secret: str) -> None:
        super().__init__()
        self._pair = f"{client_id}:{client_secret}"

    def sign_in(self, headers: Mapping[str, str], body: bytes) -> Response:
        kind, _, proof = headers.get("authorization", "").partition(" ")
        try:
            pair = base64.b64decode(proof, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        form = parse_qs(body.decode("ascii", "replace"))
        if form.get("grant_type") != ["client_credentials"]:
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        if kind != "Basic" or not secrets.compare_digest(pair.encode(), self._pair.encode()):
            return JSONResponse({"error": "invalid_client"}, 401)
        return JSONResponse(
            {"access_token": self.issue(), "token_type": "Bearer", "expires_in": LASTS_S}
        )

    def let_in(self, headers: Mapping[str, str]) -> bool:
        kind, _, token = headers.get("authorization", "").partition(" ")
        return kind == "Bearer" and self.knows(token)

    def reset(self) -> None:
        self.expire()
        self.issued = 0
