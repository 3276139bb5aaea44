"""The contract test for sinks lets a good sink pass and catches the faults that cost money."""

from __future__ import annotations

import asyncio
import json
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.contract import (
    CallFailed,
    Command,
    Found,
    Outcome,
    PayloadUnreadable,
    Receipt,
    Settings,
)
from connectors.http import Client, NotSent, Unanswered
from connectors.manifest import Manifest
from connectors.testing import LOOPBACK, SinkContract
from connectors.testing.common import Contract
from revops.kernel import strict_json
from revops.kernel.keys import sha256

MANIFEST = Manifest.parse(
    {
        "slug": "toy",
        "label": "Toy",
        "role": "erp",
        "direction": "out",
        "capabilities": ["commands"],
        "accepts": ["journal.post"],
        "hosts": ["*"],
        "docs": "none",
        "limits": {"max_batch": 3},
    }
)


def toy_sandbox() -> Starlette:
    """A ledger that accepts everything twice, with the usual switches."""
    entries: list[dict[str, Any]] = []
    faults: dict[str, Any] = {}

    async def switch(request: Request) -> Response:
        faults.update(await request.json())
        return JSONResponse(faults)

    async def door(request: Request) -> Response:
        await asyncio.sleep(float(faults.get("slow", 0)))
        if faults.get("down"):
            return Response(status_code=503)
        if faults.get("garbage"):
            return Response("<html>")
        if faults.get("throttle"):
            return Response(status_code=429)
        if request.headers.get("authorization") != "key":
            return Response(status_code=401)
        if request.method == "GET":
            wanted = request.query_params.get("keys", "").split(",")
            return JSONResponse([entry for entry in entries if entry["key"] in wanted])
        entry = await request.json()
        if entry["amount"] < 0:
            return JSONResponse({"error": "The amount is negative."}, status_code=400)
        entries.append({**entry, "id": str(len(entries) + 1)})
        return JSONResponse(entries[-1])

    return Starlette(
        routes=[
            Route("/_control/faults", switch, methods=["POST"]),
            Route("/entries", door, methods=["GET", "POST"]),
        ]
    )


class Toy:
    """A sink that looks before it writes and doubts what it does not understand."""

    manifest = MANIFEST

    def digest(self, payload: Mapping[str, Any]) -> str:
        return sha256(strict_json.dumps({"amount": payload["amount"]}))

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        return [await self.one(client, settings, command) for command in commands]

    async def one(self, client: Client, settings: Settings, command: Command) -> Receipt:
        try:
            known = await self.find(client, settings, [command.key])
        except CallFailed as failed:
            outcome = Outcome.NOT_SENT if failed.outcome is Outcome.TRANSIENT else failed.outcome
            return Receipt(outcome, reason=failed.reason)
        if command.key in known:
            return Receipt(Outcome.ALREADY_DONE, external_id=known[command.key][0].external_id)
        return await self.write(client, settings, command)

    async def write(self, client: Client, settings: Settings, command: Command) -> Receipt:
        body = {**command.payload, "key": command.key}
        try:
            answer = await client.call("POST", "/entries", json=body, headers=self.key(settings))
            if answer.status == 400:
                return Receipt(Outcome.REFUSED, reason=answer.json()["error"])
            return Receipt(Outcome.OK, external_id=answer.json()["id"])
        except NotSent as error:
            return Receipt(Outcome.NOT_SENT, reason=error.reason)
        except (Unanswered, PayloadUnreadable) as error:
            return Receipt(Outcome.IN_DOUBT, reason=str(error))

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        try:
            answer = await client.call(
                "GET", "/entries", params={"keys": ",".join(keys)}, headers=self.key(settings)
            )
            if answer.status == 401:
                raise CallFailed(Outcome.AUTH, "The key is not accepted.")
            if answer.status != 200:
                raise CallFailed(Outcome.TRANSIENT, f"It answered {answer.status}.")
            rows = answer.json()
        except (NotSent, Unanswered) as error:
            raise CallFailed(Outcome.TRANSIENT, error.reason) from error
        except PayloadUnreadable as error:
            raise CallFailed(Outcome.TRANSIENT, str(error)) from error
        found: dict[str, list[Found]] = {}
        for row in rows:
            held = Found(row["id"], row["id"], posted=True, content_sha256=self.digest(row))
            found.setdefault(row["key"], []).append(held)
        return found

    def key(self, settings: Settings) -> Mapping[str, str]:
        return {"Authorization": settings.secrets["api_key"]}


class Blind(Toy):
    """Writes without looking first."""

    async def one(self, client: Client, settings: Settings, command: Command) -> Receipt:
        return await self.write(client, settings, command)


class Credulous(Toy):
    """Takes any answer for a success."""

    async def one(self, client: Client, settings: Settings, command: Command) -> Receipt:
        receipt = await super().one(client, settings, command)
        if receipt.outcome in (Outcome.REFUSED, Outcome.AUTH):
            return receipt
        return Receipt(Outcome.OK, external_id=receipt.external_id or "1")


class Hasty(Toy):
    """Takes silence for a refusal."""

    async def one(self, client: Client, settings: Settings, command: Command) -> Receipt:
        receipt = await super().one(client, settings, command)
        if receipt.outcome in (Outcome.IN_DOUBT, Outcome.NOT_SENT):
            return Receipt(Outcome.REFUSED, reason=receipt.reason)
        return receipt


class Forgetful(Toy):
    """Finds nothing when it cannot read."""

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        try:
            return await super().find(client, settings, keys)
        except CallFailed as failed:
            if failed.outcome is Outcome.AUTH:
                raise
            return {}


class ToyContract(SinkContract):
    settings: ClassVar[Settings] = Settings(
        slug="toy", base_url=LOOPBACK, secrets={"api_key": "key"}
    )

    def build(self) -> Starlette:
        return toy_sandbox()

    def command(self, number: int) -> Command:
        return self.made(f"rc1-{number}", 100 + number)

    def refused_command(self) -> Command:
        return self.made("rc1-refused", -1)

    def made(self, key: str, amount: int) -> Command:
        payload = {"amount": amount}
        digest = sha256(json.dumps(payload))
        return Command(key, "journal.post", payload, digest, correlation_id="co-test")

    @property
    def folder(self) -> Path:
        raise AssertionError("a toy has no folder")


STORIES = [
    name for name in dir(SinkContract) if name.startswith("test_") and not hasattr(Contract, name)
]


def failures(sink: type[Toy]) -> set[str]:
    """The promises that this sink breaks."""
    contract: Any = types.new_class("Checked", (ToyContract,))()
    contract.connector = sink()
    broken = set()
    for name in STORIES:
        story = getattr(contract, name)
        calls = [("throttle",), ("down",)] if "busy" in name else [()]
        for arguments in calls:
            try:
                story(*arguments)
            except (AssertionError, KeyError, pytest.fail.Exception):
                broken.add(name)
    return broken


class TestSinkContract:
    def test_a_sink_that_keeps_its_promises_passes(self) -> None:
        assert len(STORIES) >= 10
        assert failures(Toy) == set()

    def test_catches_a_sink_that_writes_without_looking(self) -> None:
        assert "test_sending_again_leaves_one_document" in failures(Blind)

    def test_catches_a_sink_that_believes_any_answer(self) -> None:
        broken = failures(Credulous)
        assert "test_a_garbled_answer_is_never_taken_for_a_success_or_a_refusal" in broken
        assert "test_an_absent_target_was_sent_nothing" in broken

    def test_catches_a_sink_that_takes_silence_for_a_refusal(self) -> None:
        assert "test_a_slow_target_leaves_the_outcome_open" in failures(Hasty)

    def test_catches_a_sink_that_finds_nothing_when_it_cannot_read(self) -> None:
        broken = failures(Forgetful)
        assert "test_a_busy_target_is_asked_again_later_and_holds_one_document" in broken
