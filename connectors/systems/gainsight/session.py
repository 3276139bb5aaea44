"""
How a call proves who makes it: by the access key, which does not end, or by a token of machine-to-
machine OAuth (client credentials), which is renewed once for all workers (``signing_in``).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Final

from connectors import signing_in
from connectors.contract import Settings
from connectors.http import Client
from connectors.signing_in import Pass
from connectors.systems.gainsight import answers

KEY: Final = "key"
M2M: Final = "m2m"
TOKEN_PATH: Final = "/v1/users/m2m/oauth/token"  # noqa: S105  an address, no secret


class Session:
    """Every method raises ``Problem`` and nothing else."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._settings = settings
        self.by_token = settings.parameters.get("sign_in") == M2M

    async def headers(self, *, instead_of: Mapping[str, str] | None = None) -> dict[str, str]:
        """``instead_of``: headers that were refused though their token seemed good."""
        if not self.by_token:
            return {"accesskey": self._settings.secrets.get("access_key", "")}
        refused = (instead_of or {}).get("authorization", "").removeprefix("Bearer ")
        token = await signing_in.token(
            self._client, self._settings, fetch=self._sign_in, instead_of=refused
        )
        return {"authorization": f"Bearer {token}"}

    async def _sign_in(self) -> Pass:
        secrets = self._settings.secrets
        pair = f"{secrets.get('client_id', '')}:{secrets.get('client_secret', '')}"
        proof = base64.b64encode(pair.encode()).decode()
        answer = await self._client.call(
            "POST",
            TOKEN_PATH,
            headers={"authorization": f"Basic {proof}"},
            form={"grant_type": "client_credentials"},
        )
        return Pass(*answers.of_token(answer))
