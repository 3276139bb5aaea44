"""
Every connector with its sandbox, as its own contract test sets it up: found in the registry, so
that a new one takes part by itself.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx

from connectors import registry
from connectors.contract import Settings
from connectors.http import Client
from connectors.manifest import Manifest
from connectors.models import Connection
from connectors.testing import NoticeContract, SinkContract, SourceContract, UsageContract
from connectors.testing.common import Contract
from connectors.testing.snapshots import SnapshotContract


class Party:
    """
    One connector with its sandbox. What speaks no HTTP offers ``app.state.server`` with ``start``,
    ``stop`` and ``port``, and is called at a real port.
    """

    def __init__(self, slug: str, contract: Contract) -> None:
        self.slug = slug
        self.contract = contract
        self.app: Any = contract.build()
        self.manifest: Manifest = contract.connector.manifest
        self.settings: Settings = contract.settings
        self.tells = isinstance(contract, SourceContract)
        self.takes = isinstance(contract, SinkContract | NoticeContract)
        self.connection: Connection
        self.asked = 0

    def client(self) -> Client:
        http = self.settings.base_url.startswith("http")
        return Client(
            self.settings.base_url,
            hosts=(),
            allow_loopback=True,
            transport=httpx.ASGITransport(app=self.app) if http else None,
        )

    def moved(self, base_url: str) -> None:
        """To another address, with all that its parameters say of the old one."""
        old = self.settings.base_url
        told = {
            name: base_url if value == old else value
            for name, value in self.settings.parameters.items()
        }
        self.settings = replace(self.settings, base_url=base_url, parameters=told)

    def fault(self, **faults: Any) -> None:
        asyncio.run(self._door(self.contract.fault, **faults))

    def happen(self) -> None:
        if isinstance(self.contract, SourceContract):
            asyncio.run(self._door(self.contract.fill))

    async def _door(self, work: Any, **given: Any) -> None:
        wire = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door:
            await work(door, **given)


def sandboxed() -> list[str]:
    """The slugs of all connectors that have a sandbox."""
    return [
        slug for slug, manifest in registry.all_manifests().items()
        if manifest.sandbox_port is not None
    ]  # fmt: skip


def contracts_of(slug: str) -> Iterator[Contract]:
    """The first contract test of each direction, or the one that is all of them."""
    module = importlib.import_module(f"connectors.systems.{slug}.test_contract")
    kinds = [
        kind for name, kind in vars(module).items()
        if name.startswith("Test") and isinstance(kind, type) and issubclass(kind, Contract)
    ]  # fmt: skip
    wanted: list[type | tuple[type, ...]] = [
        SourceContract, (SinkContract, NoticeContract), SnapshotContract, UsageContract,
    ]  # fmt: skip
    known: set[type] = set()
    for direction in wanted:
        if any(issubclass(kind, direction) for kind in known):
            continue
        found = next((kind for kind in kinds if issubclass(kind, direction)), None)
        if found is not None and found not in known:
            known.add(found)
            yield found()


def parties() -> list[Party]:
    """All connectors with a sandbox, once for each direction that has a test of its own."""
    return [Party(slug, contract) for slug in sandboxed() for contract in contracts_of(slug)]
