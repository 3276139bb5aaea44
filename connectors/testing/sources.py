"""What every EventSource promises."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex
from typing import Any, Final

import httpx
import pytest

from connectors.contract import (
    CallFailed,
    NeedsFetch,
    Outcome,
    PayloadUnreadable,
    SignatureInvalid,
    TypeUnknown,
)
from connectors.http import Client
from connectors.testing import proofs
from connectors.testing.common import Contract
from revops.contracts.base import EventData
from revops.contracts.registry import ContractBroken

_AT: Final = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
_SECRET: Final = token_hex(16)
_OTHER: Final = token_hex(16)
_REPLACEMENTS: Final[Sequence[Any]] = ("gone", None, "text", -1, 1.5, True, [], {}, [[]], [1])
# All that an event whose shape has drifted may lead to; each of them becomes a case.
_DRIFT: Final = (PayloadUnreadable, TypeUnknown, NeedsFetch, ContractBroken)


class SourceContract(Contract):
    """``fixtures/*.json`` are bodies as the system sends them, ``<object>_<event>__<variant>``."""

    def test_every_recorded_payload_is_understood(self) -> None:
        for name, body in self.fixtures().items():
            envelope = self.connector.open(body)
            try:
                told = self.connector.translate(envelope, self.settings)
            except NeedsFetch:
                continue  # it only names its object
            assert bool(told) != bool(envelope.ignored), f"{name}: neither told nor ignored"

    def test_every_contract_of_the_manifest_is_emitted_by_a_recorded_payload(self) -> None:
        emitted = {
            event.contract for body in self.fixtures().values() for event in self.events(body)
        }
        assert emitted == set(self.connector.manifest.emits)

    def test_every_event_has_a_stable_id_of_its_own(self) -> None:
        bodies = self.fixtures()
        ids = {name: self.connector.open(body).event_id for name, body in bodies.items()}
        assert all(ids.values())
        assert len(set(ids.values())) == len(ids)
        assert ids == {name: self.connector.open(body).event_id for name, body in bodies.items()}

    def test_the_same_payload_gives_the_same_events_however_it_is_written(self) -> None:
        for name, body in self.fixtures().items():
            rewritten = json.dumps(json.loads(body), sort_keys=True, ensure_ascii=False).encode()
            assert self.events(body) == self.events(body), name
            assert self.events(rewritten) == self.events(body), name

    def test_drifted_payloads_become_cases_and_never_crash(self) -> None:
        for name, body in self.fixtures().items():
            for path, drifted in _drifts(json.loads(body)):
                try:
                    self.events(json.dumps(drifted).encode())
                except _DRIFT:
                    continue
                except Exception as error:
                    raise AssertionError(f"{name}: {path} breaks it: {error!r}") from error

    def test_refuses_what_is_no_payload(self) -> None:
        for body in (b"", b"{", b"[]", b"null", b'"text"', b"{}", b'{"a":NaN}', b"\xff\xfe{}"):
            with pytest.raises(PayloadUnreadable):
                self.connector.open(body)

    def test_accepts_a_signed_call_and_refuses_all_others(self) -> None:
        signature = self.connector.manifest.signature
        if signature is None:
            return
        body = next(iter(self.fixtures().values()))
        good, headers = self.signed(body, _SECRET)
        foreign = self.signed(body, _OTHER)
        self.verify(good, headers, [_OTHER, _SECRET])
        late = timedelta(seconds=signature.tolerance_s + 1)
        refused: list[tuple[bytes, Mapping[str, str], Sequence[str], datetime]] = [
            (body, {}, [_SECRET], _AT),
            (*foreign, [_SECRET], _AT),
            (good, headers, [], _AT),
        ]
        if signature.header in headers:
            refused += [
                (good, {**headers, signature.header: ""}, [_SECRET], _AT),
                (good, {**headers, signature.header: "é=\udcff,v1=ü"}, [_SECRET], _AT),
            ]
        if signature.scheme not in proofs.SENDER_ONLY:
            refused += [
                (good + b" ", headers, [_SECRET], _AT),
                (good, headers, [_SECRET], _AT + late),
                (good, headers, [_SECRET], _AT - late),
            ]
        for refused_body, refused_headers, secrets, at in refused:
            with pytest.raises(SignatureInvalid):
                self.verify(refused_body, refused_headers, secrets, at)

    def signed(self, body: bytes, secret: str) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of a call that the manifest's family of proof makes good at noon."""
        signature = self.connector.manifest.signature
        return proofs.signed(signature, body=body, secret=secret, at=_AT)

    def test_polling_finds_what_happened_once_and_in_order(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fill(sandbox)
            first = await self.connector.poll(client, self.settings, cursor="")
            found = [self.connector.open(body) for body in first.bodies]
            assert found
            assert len({envelope.event_id for envelope in found}) == len(found)
            assert any(self.events(body) for body in first.bodies)
            again = await self.connector.poll(client, self.settings, cursor=first.cursor)
            known = dict(zip((e.event_id for e in found), first.bodies, strict=True))
            for body in again.bodies:
                assert known[self.connector.open(body).event_id] == body

        self.run(story)

    def test_polling_says_how_a_read_failed(self) -> None:
        expected = {
            "throttle": Outcome.THROTTLED,
            "garbage": Outcome.TRANSIENT,
            "down": Outcome.TRANSIENT,
            "unauthorized": Outcome.AUTH,
        }

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for fault, outcome in expected.items():
                await self.fault(sandbox, **{fault: True, "retry_after": 7})
                failed = await self.failing_poll(client)
                assert failed.outcome is outcome, fault
                assert " " in failed.reason
                assert failed.retry_after == (7 if fault == "throttle" else None)
                await self.fault(sandbox, **{fault: False})

        self.run(story)

    def test_polling_gives_up_on_a_slow_or_absent_system(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, slow=5)
            assert (await self.failing_poll(client)).outcome is Outcome.TRANSIENT
            async with Client(self.settings.base_url, hosts=(), allow_loopback=True) as absent:
                assert (await self.failing_poll(absent)).outcome is Outcome.TRANSIENT

        self.run(story, timeout_s=0.2)

    async def fill(self, sandbox: httpx.AsyncClient) -> None:
        """Let something happen in the sandbox."""
        answer = await sandbox.post("/_control/scenario/customers", json={"count": 2})
        assert answer.status_code == 200, answer.text

    async def failing_poll(self, client: Client) -> CallFailed:
        with pytest.raises(CallFailed) as caught:
            await self.connector.poll(client, self.settings, cursor="")
        return caught.value

    def events(self, body: bytes) -> Sequence[EventData]:
        """None of a body that only names its object: that is asked for."""
        settings = replace(self.settings, parameters={})
        try:
            told: Sequence[EventData] = self.connector.translate(
                self.connector.open(body), settings
            )
        except NeedsFetch:
            return ()
        return told

    def verify(
        self, body: bytes, headers: Mapping[str, str], secrets: Sequence[str], at: datetime = _AT
    ) -> None:
        self.connector.verify(body=body, headers=headers, secrets=secrets, at=at)


def _drifts(value: Any) -> Iterator[tuple[str, Any]]:
    """
    The payload with one member gone, null, or of another type, for each member in it: the payload
    itself, which is put right before the next one.
    """
    for path in list(_paths(value, ())):
        above = value
        for step in path[:-1]:
            above = above[step]
        name, kept = path[-1], above[path[-1]]
        for replacement in _REPLACEMENTS:
            if replacement == "gone":
                del above[name]
            else:
                above[name] = replacement
            yield f"{'.'.join(map(str, path))} = {replacement!r}", value
            if replacement == "gone" and isinstance(above, list):
                above.insert(name, kept)
            else:
                above[name] = kept


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    steps = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for step, inner in steps:
        yield (*path, step)
        yield from _paths(inner, (*path, step))
