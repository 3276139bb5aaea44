from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import httpx
import pytest
from starlette.types import ASGIApp

from connectors.contract import Command
from connectors.http import Client
from connectors.schemes import sign_timestamped
from connectors.systems.rest import desk, sandbox
from connectors.systems.rest.connector import connector as anything
from connectors.systems.rest.proof import sign_body
from connectors.testing import LOOPBACK, SignInContract, SinkContract, SourceContract
from connectors.testing.common import Contract
from connectors.testing.sources import _AT, _OTHER, _SECRET

DESK = desk.settings("desk", LOOPBACK, {"api_key": sandbox.API_KEY})
PLANS = desk.settings("plans", LOOPBACK, {"client_secret": sandbox.CLIENT_SECRET})


class _Example(Contract):
    dialect: ClassVar[str]

    def build(self) -> ASGIApp:
        return sandbox.build(sandbox.Config(dialect=self.dialect))

    def fixtures(self) -> Mapping[str, bytes]:
        """Bodies of this example's system."""
        every = super().fixtures()
        return {name: body for name, body in every.items() if name.startswith(self.dialect)}

    def command(self, number: int) -> Command:
        return desk.granted(number)

    def test_polling_finds_what_happened_once_and_in_order(self) -> None:
        """Each list is read to its end before the next one."""

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await sandbox.post("/_control/scenario/customers", json={"count": 5})
            (bodies, cursor), seen = await self.swept(client, ""), {}
            for body in bodies:
                envelope = self.connector.open(body)
                assert envelope.event_id not in seen
                seen[envelope.event_id] = body
            held = (await sandbox.get("/_control/state")).json()
            assert len(seen) == sum(len(rows) for rows in held.values())
            again, _ = await self.swept(client, cursor)
            assert again
            for body in again:
                assert seen[self.connector.open(body).event_id] == body

        self.run(story)

    async def swept(self, client: Client, cursor: str) -> tuple[list[bytes], str]:
        bodies: list[bytes] = []
        for _ in range(60):
            page = await self.connector.poll(client, self.settings, cursor=cursor)
            bodies, cursor = [*bodies, *page.bodies], page.cursor
            if not page.more:
                return bodies, cursor
        raise AssertionError("A sweep does not end.")


class TestDesk(_Example, SourceContract, SinkContract):
    dialect = "desk"
    settings = DESK
    connector = anything.configured(DESK)

    def refused_command(self) -> Command:
        return desk.granted(99, feature="")

    def test_every_contract_of_the_manifest_is_emitted_by_a_recorded_payload(self) -> None:
        """By those of both examples together."""
        told = {
            event.contract
            for one in (self, TestPlans())
            for body in one.fixtures().values()
            for event in one.events(body)
        }
        assert told == set(anything.manifest.emits)

    def test_accepts_a_signed_call_and_refuses_all_others(self) -> None:
        """The family is the connection's: here over the body alone."""
        body = next(iter(self.fixtures().values()))
        mac = sign_body(body=body, secret=_SECRET, family="body_hmac_hex")
        self.verify(body, {"x-desk-signature": f"sha256={mac}"}, [_OTHER, _SECRET])
        self.verify(body, {"x-desk-signature": mac}, [_SECRET])
        refused: list[tuple[bytes, Mapping[str, str], Sequence[str]]] = [
            (body, {}, [_SECRET]),
            (body, {"x-desk-signature": ""}, [_SECRET]),
            (body, {"x-desk-signature": "é=\udcff"}, [_SECRET]),
            (body, {"x-desk-signature": mac}, [_OTHER]),
            (body, {"x-desk-signature": mac}, []),
            (body + b" ", {"x-desk-signature": mac}, [_SECRET]),
        ]
        for one, headers, secrets in refused:
            with pytest.raises(Exception, match=r"secret|signature"):
                self.verify(one, headers, secrets)


class TestPlans(_Example, SignInContract, SourceContract):
    dialect = "plans"
    settings = PLANS
    connector = anything.configured(PLANS)

    def signed(self, body: bytes, secret: str) -> tuple[bytes, Mapping[str, str]]:
        return body, {"plans-signature": sign_timestamped(body=body, secret=secret, at=_AT)}

    def test_every_contract_of_the_manifest_is_emitted_by_a_recorded_payload(self) -> None:
        """It emits none beside them; that each is told is tested of both examples together."""
        told = {event.contract for body in self.fixtures().values() for event in self.events(body)}
        assert told < set(anything.manifest.emits)
