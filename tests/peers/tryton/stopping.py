"""Stopping a server in the middle of what a client does."""

from __future__ import annotations

from typing import Any, cast

from connectors.http import Client
from tests.peers.tryton.peer import TrytonPeer


def stop_when(client: Client, erp: TrytonPeer, text: str) -> None:
    """Stop the server just before the client sends a request that holds this text."""
    plain = client.call

    async def call(method: str, path: str, **options: Any) -> Any:
        if text in path or text in str(options.get("json")):
            erp.sigstop()
        return await plain(method, path, **options)

    cast(Any, client).call = call
