"""
Runs the sandbox server of every connection of the demo on loopback, in one process.

A sandbox package offers ``for_connection(settings, *, hook_url, hook_secret, state_path)`` which
returns its ASGI application, signed in with the secrets that the connection holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
import uvicorn

from connectors import registry
from connectors.models import Connection
from connectors.queries import settings_of, valid_secrets

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stand:
    """One sandbox to be served."""

    slug: str
    port: int
    application: Any


def stands(*, console_url: str, state: Path | None, only: str = "", port: int = 0) -> list[Stand]:
    """The sandboxes of all connections that have one; ``port`` overrides that of ``only``."""
    found = []
    for connection in Connection.objects.exclude(control_url="").order_by("slug"):
        if only and connection.slug != only:
            continue
        manifest = registry.manifest(connection.connector)
        package = import_module(f"connectors.systems.{connection.connector}.sandbox")
        secrets: list[str] = []
        if manifest.signature is not None:
            secrets = valid_secrets(connection, manifest.signature.secret)
        application = package.for_connection(
            settings_of(connection),
            hook_url=f"{console_url}/hooks/{connection.public_id}/" if secrets else "",
            hook_secret=secrets[0] if secrets else "",
            state_path=str(state / f"{connection.slug}.state") if state else "",
        )
        served_at = port or urlsplit(connection.control_url).port or 0
        found.append(Stand(connection.slug, served_at, application))
    return found


async def serve(served: Sequence[Stand]) -> None:
    """Until the process is asked to stop."""
    servers = [
        uvicorn.Server(
            uvicorn.Config(
                stand.application,
                host="127.0.0.1",
                port=stand.port,
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=2,
            )
        )
        for stand in served
    ]
    await asyncio.gather(
        *(_one(stand, server) for stand, server in zip(served, servers, strict=True))
    )


async def _one(stand: Stand, server: uvicorn.Server) -> None:
    """A sandbox that cannot start leaves the others standing."""
    try:
        await server.serve()
    except SystemExit as ended:
        log.error("sandbox.not_served", slug=stand.slug, port=stand.port, code=ended.code)
