"""
Every connector with its sandbox, as its own contract test sets it up: found in the registry, so
that a new one takes part by itself.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
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
from tests.pipeline.rehearsal import serving

# Where contract tests stand; that of lists may have a module of its own.
_MODULES = ("test_contract", "test_listing")


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
        self.pushes = isinstance(contract, UsageContract)
        self.connection: Connection
        self.asked = 0
        self.door = ""

    @property
    def moves(self) -> bool:
        """Something comes of it or goes there; else its test is of what it lists."""
        return self.tells or self.takes or self.pushes

    @property
    def faults(self) -> Sequence[str]:
        """What may strike it whole; calls that are turned away keep nobody from telling."""
        return ("down", "garbage") if self.pushes else ("down", "throttle", "garbage")

    def worst(self, number: int) -> str:
        return self.faults[number % len(self.faults)]

    @property
    def secret(self) -> str:
        """By which it signs what it tells."""
        return self.settings.secrets[self.manifest.signature.secret]

    def tell(self, url: str) -> None:
        """Its sandbox anew, which tells what happens at the address."""
        package = importlib.import_module(f"connectors.systems.{self.slug}.sandbox")
        self.app = package.for_connection(
            self.settings, hook_url=url, hook_secret=self.secret, state_path=""
        )

    def use(self) -> None:
        """Of a product at a port: customers use it, and it tells so."""
        answer = httpx.post(
            f"{self.door}/_control/scenario/use", json={"events": 20}, timeout=20, trust_env=False
        )
        assert answer.status_code == 200, answer.text

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
        self.contract.settings = self.settings

    @contextmanager
    def at_a_port(self) -> Iterator[str]:
        """Served for real, and moved there: the address of its door."""
        with serving(self.app, lives=True) as url:
            if self.settings.base_url.startswith("http"):
                self.moved(url)
            else:
                scheme = self.settings.base_url.partition(":")[0]
                self.moved(f"{scheme}://127.0.0.1:{self.app.state.server.port}")
                httpx.post(f"{url}/_control/reset", trust_env=False).raise_for_status()
            self.door = url
            yield url

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


def sinks_of(slug: str) -> list[SinkContract | NoticeContract]:
    """Its contract tests of commands, one or several for several kinds of command."""
    found = [kind() for module in _modules(slug) for kind in _kinds(module)]
    return [one for one in found if isinstance(one, SinkContract | NoticeContract)]


def contracts_of(slug: str) -> Iterator[Contract]:
    """The first contract test of each direction, or the one that is all of them."""
    kinds = [kind for module in _modules(slug) for kind in _kinds(module)]
    wanted: list[type | tuple[type, ...]] = [
        SourceContract, (SinkContract, NoticeContract), SnapshotContract, UsageContract,
    ]  # fmt: skip
    known: set[type] = set()
    for direction in wanted:
        if any(issubclass(kind, direction) for kind in known):
            continue
        found = next((kind for kind in kinds if issubclass(kind, direction)), None)
        if found is not None:
            known.add(found)
            yield found()


def _modules(slug: str) -> Iterator[ModuleType]:
    folder = Path(registry.__file__).parent / "systems" / slug
    for name in _MODULES:
        if (folder / f"{name}.py").exists():
            yield importlib.import_module(f"connectors.systems.{slug}.{name}")


def _kinds(module: ModuleType) -> Iterator[type[Contract]]:
    for name, kind in vars(module).items():
        if name.startswith("Test") and isinstance(kind, type) and issubclass(kind, Contract):
            yield kind


def parties() -> list[Party]:
    """All connectors with a sandbox, once for each direction that has a test of its own."""
    return [Party(slug, contract) for slug in sandboxed() for contract in contracts_of(slug)]
