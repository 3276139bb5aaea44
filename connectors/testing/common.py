"""What all parts of the contract test share."""

from __future__ import annotations

import asyncio
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, TypeVar

import httpx
from starlette.types import ASGIApp

from connectors.contract import Command, Receipt, Settings
from connectors.http import Client
from connectors.manifest import Capability

# Never called: the sandbox answers in this process. Port 9 (discard) is closed on any machine.
LOOPBACK: Final = "http://127.0.0.1:9"
FAULTS: Final = ("down", "throttle", "slow", "garbage", "unauthorized")

_T = TypeVar("_T")
_METHODS: Final = {
    Capability.EVENTS: ("verify", "open", "translate", "poll"),
    Capability.COMMANDS: ("digest", "send", "find"),
    Capability.SNAPSHOTS: ("snapshot",),
    Capability.PROBE: ("probe",),
    Capability.FETCH: ("fetch",),
    Capability.USAGE: ("verify", "usage"),
    Capability.DOCUMENTS: ("documents",),
}


class Contract(ABC):
    """Give ``connector``, ``settings`` and ``build``."""

    connector: ClassVar[Any]
    settings: ClassVar[Settings]

    @abstractmethod
    def build(self) -> ASGIApp:
        """A fresh sandbox."""

    def test_describes_itself_in_a_manifest_beside_it(self) -> None:
        manifest = self.connector.manifest
        assert manifest.slug == self.folder.name
        for capability in manifest.capabilities:
            missing = [name for name in _METHODS[capability] if not hasattr(self.connector, name)]
            assert not missing, f"{capability} needs {missing}"

    def test_says_how_it_signs_in_and_what_was_verified(self) -> None:
        manifest = self.connector.manifest
        assert manifest.auth, "[[auth]] says which ways to sign in there are, or none."
        assert manifest.verified, "[[verified]] says what was verified, against what, on which day."
        assert manifest.unverified, "“unverified” says what nobody has seen to be so."
        proof = {manifest.signature.secret} if manifest.signature else set()
        ways = [set(way.secrets) for way in manifest.auth]
        required = {secret.name for secret in manifest.secrets if secret.required} - proof
        assert required <= set().union(*ways), "No way to sign in names a secret that is required."
        for way in ways:
            assert required <= way, "A secret is required that one way to sign in does not take."

    def test_explains_itself_in_a_readme(self) -> None:
        words = (self.folder / "README.md").read_text(encoding="utf-8").lower()
        assert "verified" in words
        assert "grade" in words

    def test_probes_in_words_whether_the_connection_works(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            steps = await self.connector.probe(client, self.settings)
            assert steps
            assert all(step.passed for step in steps), steps
            secrets = dict.fromkeys(self.settings.secrets, "wrong-wrong-wrong")
            refused = await self.connector.probe(client, replace(self.settings, secrets=secrets))
            assert not refused[-1].passed
            assert " " in refused[-1].detail

        if self.connector.manifest.can(Capability.PROBE):
            self.run(story)

    def test_its_sandbox_forgets_what_was_broken_on_purpose(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, down=True)
            assert (await sandbox.get("/_control/faults")).json()
            answer = await sandbox.post("/_control/reset")
            assert answer.status_code == 200, answer.text
            assert (await sandbox.get("/_control/faults")).json() == {}

        if self.connector.manifest.sandbox_port is not None:
            self.run(story)

    @property
    def folder(self) -> Path:
        """The connector's folder."""
        file = sys.modules[type(self.connector).__module__].__file__
        assert file is not None
        return Path(file).parent

    def run(
        self, story: Callable[[Client, httpx.AsyncClient], Coroutine[Any, Any, _T]], **options: Any
    ) -> _T:
        """
        Play ``story(client, sandbox)``: the guarded client that connectors get, and a plain one
        for the sandbox's switchboard, both on a fresh sandbox. ``options`` are the client's.
        """

        async def play() -> _T:
            wire = httpx.ASGITransport(app=self.build())
            async with (
                Client(
                    self.settings.base_url,
                    hosts=(),
                    allow_loopback=True,
                    transport=wire,
                    **options,
                ) as client,
                httpx.AsyncClient(transport=wire, base_url="http://sandbox") as sandbox,
            ):
                return await story(client, sandbox)

        return asyncio.run(play())

    async def fault(self, sandbox: httpx.AsyncClient, **faults: Any) -> None:
        """Switch faults: ``down=True``, ``slow=2`` (seconds), ``throttle=False``, …"""
        answer = await sandbox.post("/_control/faults", json=faults)
        assert answer.status_code == 200, answer.text

    async def send_one(self, client: Client, command: Command) -> Receipt:
        receipts: Sequence[Receipt] = await self.connector.send(client, self.settings, [command])
        assert len(receipts) == 1
        return receipts[0]

    def fixtures(self) -> Mapping[str, bytes]:
        found = {
            path.name: path.read_bytes() for path in sorted(self.folder.glob("fixtures/*.json"))
        }
        assert found, "The connector has no recorded payloads."
        return found


def impatient(client: Client) -> Client:
    """The client, listening for half a second."""
    view = client.until(client.send_by)
    view._timeout_s = 0.5
    return view
