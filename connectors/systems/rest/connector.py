"""A system that speaks REST in a way of its own, which its connection's parameters describe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.contract import (
    CallFailed,
    Command,
    Envelope,
    Found,
    Outcome,
    Page,
    ProbeStep,
    Receipt,
    Settings,
    Trouble,
)
from connectors.http import Client
from connectors.manifest import Capability, Manifest
from connectors.problem import Problem, read_only
from connectors.systems.rest import polling, proof, reading, sending, setting
from connectors.systems.rest.session import Session, refused
from connectors.systems.rest.session import read as read_answer
from connectors.systems.rest.setting import Setting
from connectors.systems.rest.templates import Unfilled
from revops.contracts.base import EventData


class RestConnector:
    """An EventSource, an ObjectSource, a CommandSink, a Probe, Configured and Checking."""

    # Its data are known from each connection's mapping alone, and not from examples.
    by_mapping = True
    own_members = reading.OWN

    def __init__(self, told: Setting | None = None) -> None:
        manifest = Manifest.beside(__file__)
        self._told = told or Setting()
        if told is not None and not told.fetches:
            able = tuple(one for one in manifest.capabilities if one is not Capability.FETCH)
            manifest = replace(manifest, capabilities=able)
        self.manifest = manifest

    def configured(self, settings: Settings) -> RestConnector:
        return RestConnector(setting.of(settings.parameters, frozenset(self.manifest.emits)))

    def check(self, parameters: Mapping[str, Any]) -> Sequence[Trouble]:
        return list(setting.check(parameters, frozenset(self.manifest.emits)))

    def verify(
        self, *, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime
    ) -> None:
        proof.verify(
            self._told.proof, self._told.proof_header,
            body=body, headers=headers, secrets=secrets, at=at,
        )  # fmt: skip

    def open(self, body: bytes) -> Envelope:
        return self._told.reader.open(body)

    def translate(self, envelope: Envelope, settings: Settings) -> Sequence[EventData]:
        """Raises NeedsFetch for a call that only names what changed."""
        return self._told.reader.translate(envelope, settings.zone)

    async def poll(self, client: Client, settings: Settings, *, cursor: str) -> Page:
        self._usable()
        with read_only():
            return await polling.poll(
                Session(client, settings), self._told.kinds,
                cursor=cursor, lookback_s=self._told.lookback_s,
            )  # fmt: skip

    async def fetch(
        self, client: Client, settings: Settings, object_type: str, object_id: str
    ) -> bytes | None:
        self._usable()
        kind = self._told.reader.kind(object_type)
        if kind is None or kind.asking is None:
            return None
        try:
            path = kind.asking.path.fill(lambda _: object_id)
        except Unfilled:
            return None  # an id that no address can hold is nobody's
        with read_only():
            answer = await Session(client, settings).call("GET", path)
            if answer.status in (404, 410):
                return None
            if answer.status != 200:
                raise refused(answer, write=False, named=True)
            thing = kind.asking.at.read(read_answer(answer, write=False))
            if not isinstance(thing, dict):
                reason = f"Its answer holds no {kind.name}."
                raise Problem(Outcome.TRANSIENT, "garbled", reason)
        return reading.body_of(kind, thing, as_=reading.READ)

    def digest(self, payload: Mapping[str, Any]) -> str:
        return sending.digest(self._told.outgoing, payload)

    async def send(
        self, client: Client, settings: Settings, commands: Sequence[Command]
    ) -> Sequence[Receipt]:
        if self._told.trouble:
            waits = Receipt(Outcome.NOT_SENT, code="mapping_unusable", reason=self._told.trouble)
            return [waits] * len(commands)
        session = Session(client, settings)
        return [await sending.send(session, self._told.outgoing, one) for one in commands]

    async def find(
        self, client: Client, settings: Settings, keys: Sequence[str]
    ) -> Mapping[str, Sequence[Found]]:
        if not keys:
            return {}
        self._usable()
        with read_only():
            return await sending.find(Session(client, settings), self._told.outgoing, keys)

    async def probe(self, client: Client, settings: Settings) -> Sequence[ProbeStep]:
        """The first page of each list is read; nothing is written."""
        if self._told.trouble:
            return [ProbeStep("The mapping can be used", False, self._told.trouble)]
        steps: list[ProbeStep] = []
        session = Session(client, settings)
        for kind in self._told.kinds:
            if kind.listing is None:
                continue
            label = f"Read {kind.listing.path.text}"
            try:
                with read_only():
                    page = await polling.poll(
                        session, [kind], cursor="", lookback_s=self._told.lookback_s
                    )
            except CallFailed as failed:
                return [*steps, ProbeStep(label, False, failed.reason)]
            steps.append(self._understood(label, page, settings))
            if not steps[-1].passed:
                return steps
        lookup = self._told.outgoing.lookup
        if lookup is not None:
            label = "Ask for what we sent"
            try:
                with read_only():
                    await sending.find(session, self._told.outgoing, ["probe-no-such-key"])
                steps.append(
                    ProbeStep(label, True, "It answers; there is nothing of a made-up key.")
                )
            except CallFailed as failed:
                return [*steps, ProbeStep(label, False, failed.reason)]
        if not steps:
            words = "There is nothing to read, so that only a message can show whether it works."
            steps.append(ProbeStep("The mapping can be used", True, words))
        return steps

    def _understood(self, label: str, page: Page, settings: Settings) -> ProbeStep:
        """Whether the mapping fits what the list holds."""
        told = 0
        for body in page.bodies:
            try:
                told += len(self.translate(self.open(body), settings))
            except ValueError as error:
                words = f"One of its objects does not fit the mapping: {error}"
                return ProbeStep(label, False, words)
        count = len(page.bodies)
        return ProbeStep(label, True, f"Objects: {count}; events in them: {told}.")

    def _usable(self) -> None:
        if self._told.trouble:
            raise CallFailed(Outcome.TRANSIENT, self._told.trouble)


connector = RestConnector()
