"""Whose account and which of Stripe's two worlds a connection speaks with."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, cast

import pytest

from connectors.contract import CallFailed, Outcome
from connectors.http import Answer, Client
from connectors.systems.stripe import posts, sandbox
from connectors.systems.stripe.connector import connector
from tests.connectors.test_stripe_sink import SETTINGS, Desk, subscribe


class TestMode:
    @pytest.mark.parametrize(("mode", "key"), [("live", "rk_test_1"), ("test", "sk_live_1")])
    def test_a_key_of_the_other_world_is_never_used(self, mode: str, key: str) -> None:
        desk = Desk()
        theirs = replace(SETTINGS, parameters={"mode": mode}, secrets={"api_key": key})

        async def story(client: Client) -> None:
            (receipt,) = await connector.send(client, theirs, [subscribe()])
            assert receipt.outcome is Outcome.AUTH
            assert f"this connection is for {mode} mode" in receipt.reason
            with pytest.raises(CallFailed) as caught:
                await connector.poll(client, theirs, cursor="")
            assert caught.value.outcome is Outcome.AUTH

        desk.run(story)
        assert desk.all("subscription") == []

    def test_a_key_that_does_not_say_is_told_apart_by_what_it_reads(self) -> None:
        desk = Desk()
        desk.app = sandbox.build(sandbox.Config(api_key="secret"))

        def steps(mode: str) -> list[bool]:
            theirs = replace(SETTINGS, parameters={"mode": mode}, secrets={"api_key": "secret"})
            found = desk.run(lambda client: connector.probe(client, theirs))
            return [step.passed for step in found]

        assert steps("test") == [True, True]
        assert steps("live")[0] is False


class TestAccount:
    def test_a_connected_account_is_named_in_writes_too(self) -> None:
        seen: list[str] = []

        class Noting:
            async def call(self, *given: Any, **more: Any) -> Answer:
                seen.append(more["headers"].get("Stripe-Account", ""))
                return Answer(200, {}, b'{"id": "x"}')

        theirs = replace(SETTINGS, parameters={"account": "acct_1"})
        asyncio.run(posts.post(cast(Client, Noting()), theirs, "/v1/x", [], key="k"))
        assert seen == ["acct_1"]
