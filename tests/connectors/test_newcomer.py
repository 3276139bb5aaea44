"""A newcomer's hour: the folder is written, its test says what is missing, and it is filled in."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import connectors.systems
from connectors import newcomer
from connectors.contract import Grade
from connectors.manifest import Manifest

_numbers = itertools.count(1)
_VERIFIED = """
[[verified]]
what = "Paging"
by = "documents"
against = "docs.example, API reference"
on = "2026-11-21"
"""
_FIXTURE = """
{"id": "evt_1", "type": "customer.created", "created_at": "2026-11-21T10:00:00+00:00",
 "data": {"id": "cus_1", "name": "Acme"}}
"""
_CALL = """

class Answers:
    def __init__(self, client, settings):
        self._client, self._settings = client, settings

    async def ask(self, method, path, **sent):
        key = self._settings.secrets.get("api_key", "")
        with carried(write=method != "GET"):
            answer = await self._client.call(
                method, path, headers={"authorization": f"Bearer {key}"}, **sent
            )
        if answer.status == 401:
            raise Problem(Outcome.AUTH, "key", "The key is not accepted.")
        if answer.status == 429:
            wait = answer.headers.get("retry-after", "")
            raise Problem(
                Outcome.THROTTLED, "throttled", "It asks to slow down.",
                retry_after=int(wait) if wait.isdigit() else None,
            )
        if answer.status == 422:
            raise Problem(Outcome.REFUSED, "refused", f"It says: {answer.json()['error']}")
        try:
            told = answer.json()
        except PayloadUnreadable:
            told = None
        if answer.status >= 300 or not isinstance(told, dict):
            outcome = Outcome.TRANSIENT if method == "GET" else Outcome.IN_DOUBT
            outcome = Outcome.TRANSIENT if answer.status == 503 else outcome
            raise Problem(outcome, "failed", "Its answer cannot be read.")
        return told
"""
_SOURCE = (
    """
from datetime import UTC, datetime
import json

from connectors import schemes
from connectors.contract import Envelope, Outcome, Page, PayloadUnreadable, ProbeStep, TypeUnknown
from connectors.manifest import Manifest
from connectors.problem import Problem, carried, read_only
from revops.contracts.registry import read
from revops.kernel import strict_json
"""
    + _CALL
    + """

class Acme:
    def __init__(self):
        self.manifest = Manifest.beside(__file__)

    def verify(self, *, body, headers, secrets, at):
        header = headers.get(self.manifest.signature.header, "")
        schemes.verify_timestamped(body=body, header=header, secrets=secrets, at=at)

    def open(self, body):
        try:
            told = strict_json.loads(body)
            return Envelope(
                event_id=_text(told, "id"), type=_text(told, "type"), account="",
                object_type="customer", object_id=_text(told["data"], "id"), object_version=0,
                occurred_at=datetime.fromisoformat(told["created_at"]).astimezone(UTC), raw=told,
            )
        except (strict_json.JsonRefused, KeyError, TypeError, ValueError) as error:
            raise PayloadUnreadable(f"No event: {error}") from error

    def translate(self, envelope, settings):
        if envelope.type != "customer.created":
            raise TypeUnknown(envelope.type)
        data = envelope.raw["data"]
        values = {"customer_id": data.get("id"), "name": data.get("name")}
        return [read("customer.created/1", values)]

    async def poll(self, client, settings, *, cursor):
        with read_only():
            told = await Answers(client, settings).ask("GET", f"/v1/events?after={cursor}")
        events = told["events"]
        after = events[-2]["id"] if len(events) > 1 else cursor
        return Page(tuple(json.dumps(one).encode() for one in events), after, told["more"])

    async def probe(self, client, settings):
        try:
            await Answers(client, settings).ask("GET", "/v1/events")
        except Problem as problem:
            return [ProbeStep("It accepts the key", False, problem.reason)]
        return [ProbeStep("It accepts the key", True)]


def _text(value, name):
    if not isinstance(value[name], str):
        raise ValueError(f"“{name}” is no text.")
    return value[name]


connector = Acme()
"""
)
_SINK = (
    """
from connectors.contract import Found, Outcome, PayloadUnreadable, ProbeStep, Receipt
from connectors.manifest import Manifest
from connectors.problem import Problem, carried, read_only
from revops.kernel.keys import sha256
from revops.kernel.strict_json import dumps
"""
    + _CALL
    + """

class Acme:
    def __init__(self):
        self.manifest = Manifest.beside(__file__)

    def digest(self, payload):
        return sha256(dumps({"amount": payload["amount"]}))

    async def send(self, client, settings, commands):
        return [await self.one(Answers(client, settings), command) for command in commands]

    async def one(self, answers, command):
        try:
            for known in (await self.held(answers, command.key)):
                return Receipt(Outcome.ALREADY_DONE, external_id=known["id"])
            body = {"key": command.key, "amount": command.payload["amount"]}
            made = await answers.ask("POST", "/v1/documents", json=body)
            return Receipt(Outcome.OK, external_id=made["id"])
        except Problem as problem:
            return problem.receipt()

    async def held(self, answers, key):
        return (await answers.ask("GET", f"/v1/documents?key={key}"))["documents"]

    async def find(self, client, settings, keys):
        found = {}
        with read_only():
            for key in keys:
                held = await self.held(Answers(client, settings), key)
                if held:
                    found[key] = [Found(one["id"], "", True, self.digest(one)) for one in held]
        return found

    async def probe(self, client, settings):
        try:
            await self.held(Answers(client, settings), "none")
        except Problem as problem:
            return [ProbeStep("It accepts the key", False, problem.reason)]
        return [ProbeStep("It accepts the key", True)]


connector = Acme()
"""
)


@pytest.fixture
def systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A second place for folders of connectors."""
    monkeypatch.setattr(
        connectors.systems, "__path__", [*connectors.systems.__path__, str(tmp_path)]
    )
    yield tmp_path
    for name in [name for name in sys.modules if "systems.newcomer_" in name]:
        del sys.modules[name]


def written(systems: Path, kind: str) -> str:
    """A new slug each time: modules are imported once."""
    slug = f"newcomer_{next(_numbers)}"
    newcomer.write(slug, kind=kind, systems=systems)
    return slug


def loaded(slug: str, module: str) -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module(f"connectors.systems.{slug}.{module}")


def missing(slug: str) -> dict[str, str]:
    """What each failing test of the folder's contract test says."""
    module = loaded(slug, "test_contract")
    kind = next(
        value for name, value in vars(module).items()
        if name.startswith("Test") and value.__module__ == module.__name__
    )  # fmt: skip
    found: dict[str, str] = {}
    for name in sorted(one for one in dir(kind) if one.startswith("test_")):
        given: dict[str, Any] = {"fault": "throttle"} if "busy_target" in name else {}
        try:
            getattr(kind(), name)(**given)
        except (Exception, pytest.fail.Exception) as error:
            found[name] = str(error) or type(error).__name__
    return found


def fill(systems: Path, slug: str, code: str) -> None:
    folder = systems / slug
    (folder / "connector.py").write_text(code, encoding="utf-8")
    manifest = (folder / "manifest.toml").read_text(encoding="utf-8")
    said = manifest.replace("unverified = []", 'unverified = ["All of it."]') + _VERIFIED
    (folder / "manifest.toml").write_text(said, encoding="utf-8")
    fixtures = folder / "fixtures"
    if fixtures.exists():
        (fixtures / "customer_created__plain.json").write_text(_FIXTURE, encoding="utf-8")
    Manifest.read.cache_clear()


class TestTheFolder:
    @pytest.mark.parametrize("kind", newcomer.KINDS)
    def test_has_a_manifest_that_holds_and_code_that_compiles(
        self, systems: Path, kind: str
    ) -> None:
        slug = written(systems, kind)
        manifest = Manifest.read(systems / slug / "manifest.toml")
        assert (manifest.slug, manifest.label) == (slug, slug.replace("_", " ").title())
        assert manifest.grade is Grade.READ_ONLY_CHECK
        assert loaded(slug, "sandbox").build() is not None
        assert loaded(slug, "connector").connector.manifest is manifest

    def test_is_not_written_over_another_one_or_under_a_name_that_is_none(
        self, systems: Path
    ) -> None:
        slug = written(systems, "source")
        with pytest.raises(newcomer.NameRefused, match="already"):
            newcomer.write(slug, systems=systems)
        for name in ("Acme", "../acme", "a", "acme-bill", ""):
            with pytest.raises(newcomer.NameRefused):
                newcomer.write(name, systems=systems)


class TestWhatIsMissing:
    def test_in_a_source_is_told_method_by_method(self, systems: Path) -> None:
        told = missing(written(systems, "source"))
        words = " ".join(told.values())
        for method in ("open: ", "poll: ", "probe: "):
            assert method in words, method
        assert "no recorded payloads" in words
        assert "[[verified]]" in words
        assert "test_describes_itself_in_a_manifest_beside_it" not in told

    def test_in_a_sink_is_told_method_by_method(self, systems: Path) -> None:
        words = " ".join(missing(written(systems, "sink")).values())
        for method in ("send: ", "probe: "):
            assert method in words, method

    @pytest.mark.parametrize(("kind", "code"), [("source", _SOURCE), ("sink", _SINK)])
    def test_is_nothing_when_it_is_filled_in(self, systems: Path, kind: str, code: str) -> None:
        slug = written(systems, kind)
        fill(systems, slug, code)
        assert missing(slug) == {}
