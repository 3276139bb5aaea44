"""What every connector promises that signs in with tokens which end (``connectors.signing_in``)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import httpx
import pytest

from connectors import signing_in
from connectors.contract import CallFailed, Outcome, Settings
from connectors.http import Client
from connectors.manifest import Capability
from connectors.problem import Problem
from connectors.testing.common import Contract

_WORKERS: Final = 20
_LATER: Final = (Outcome.THROTTLED, Outcome.TRANSIENT, Outcome.NOT_SENT)


class SignInContract(Contract):
    """
    The sandbox's switchboard answers ``POST /_control/sign_in`` with ``{"issued": tokens so far}``,
    and ends all tokens for ``{"expire": true}``. ``act`` is something that needs a token.
    """

    async def act(self, client: Client, settings: Settings) -> None:
        """Raises CallFailed or Problem when it did not succeed."""
        manifest = self.connector.manifest
        if manifest.can(Capability.SNAPSHOTS):
            await self.connector.snapshot(
                client, settings, kind=manifest.lists[0], start="2026-01-01", end="2026-01-31",
                cursor="",
            )  # fmt: skip
        elif manifest.can(Capability.EVENTS):
            await self.connector.poll(client, settings, cursor="")
        else:
            await self.connector.find(client, settings, ["rc1-no-such-key"])

    async def issued(self, sandbox: httpx.AsyncClient, *, expire: bool = False) -> int:
        """How many tokens there were so far; ``expire``: and all of them end."""
        answer = await sandbox.post("/_control/sign_in", json={"expire": True} if expire else {})
        assert answer.status_code == 200, answer.text
        return int(answer.json()["issued"])

    def test_signs_in_once_for_many_and_once_more_when_the_token_ended(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for expected in (1, 2):
                await asyncio.gather(*(self.act(client, self.settings) for _ in range(_WORKERS)))
                assert await self.issued(sandbox, expire=True) == expected

        self.run(story)

    def test_a_refused_sign_in_is_told_and_not_repeated_for_each_call(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []
        sign_in = signing_in._sign_in

        async def counted(client: Client, place: str, flight: int, fetch: signing_in.Fetch) -> str:
            asked.append(place)
            return await sign_in(client, place, flight, fetch)

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            secrets = dict.fromkeys(self.settings.secrets, "wrong-wrong-wrong")
            settings = replace(self.settings, secrets=secrets)
            for _ in range(5):
                failed = await self.failing(client, settings)
                assert failed.outcome is Outcome.AUTH, failed
                assert " " in failed.reason
            assert await self.issued(sandbox) == 0

        monkeypatch.setattr(signing_in, "_sign_in", counted)
        self.run(story)
        # None, where the connector itself sees that such a secret cannot be used.
        assert len(asked) <= 1

    def test_a_token_that_is_refused_though_it_is_new_is_not_replaced_for_ever(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, unauthorized=True)
            await self.failing(client, self.settings)
            assert await self.issued(sandbox) <= 2

        self.run(story)

    def test_a_busy_system_is_not_taken_for_one_that_refuses_us(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for fault in ("throttle", "down", "garbage"):
                await self.fault(sandbox, **{fault: True})
                failed = await self.failing(client, self.settings)
                assert failed.outcome in _LATER, (fault, failed)
                await self.fault(sandbox, **{fault: False})
                await self.act(client, self.settings)
                await self.issued(sandbox, expire=True)

        self.run(story)

    async def failing(self, client: Client, settings: Settings) -> CallFailed:
        try:
            await self.act(client, settings)
        except Problem as problem:
            return problem.failure()
        except CallFailed as failed:
            return failed
        raise AssertionError("It succeeded.")
