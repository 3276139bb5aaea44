from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.contract import Settings
from connectors.systems.gainsight import sandbox
from connectors.systems.gainsight.connector import connector

KEY = {"accesskey": sandbox.ACCESS_KEY}


def play(story: Callable[[httpx.AsyncClient, Any], Awaitable[None]], **config: Any) -> None:
    async def inside() -> None:
        app = sandbox.build(sandbox.Config(**config))
        wire = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=wire, base_url="http://sandbox") as client:
            await story(client, app.state.sandbox)

    asyncio.run(inside())


class TestItsWireForm:
    def test_every_answer_has_one_form(self) -> None:
        async def story(client: httpx.AsyncClient, there: Any) -> None:
            good = await client.post(
                "/v1/data/objects/query/Company", json={"select": ["Name"]}, headers=KEY
            )
            bad = await client.post("/v1/data/objects/query/Company", json={}, headers=KEY)
            nobody = await client.post("/v1/data/objects/query/Company", json={"select": ["Name"]})
            for answer in (good, bad, nobody):
                assert set(answer.json()) == {
                    "result", "errorCode", "errorDesc", "requestId", "data", "message",
                }  # fmt: skip
            assert (good.status_code, good.json()["result"]) == (200, True)
            assert (bad.status_code, bad.json()["errorCode"]) == (400, "GSOBJ_1002")
            assert (nobody.status_code, nobody.json()["errorCode"]) == (401, "GS_APIG_2401")

        play(story)

    def test_refuses_more_than_fifty_records_and_keeps_none_of_a_bad_call(self) -> None:
        async def story(client: httpx.AsyncClient, there: Any) -> None:
            many = {"records": [{"Name": str(number)} for number in range(51)]}
            answer = await client.post("/v1/data/objects/Company", json=many, headers=KEY)
            assert answer.json()["result"] is False
            bad = {"records": [{"Name": "Sound"}, {"Name": "Wrong", "Nobody__gc": 1}]}
            answer = await client.post("/v1/data/objects/Company", json=bad, headers=KEY)
            errors = answer.json()["data"]["errors"]
            assert [bool(item) for item in errors] == [False, True]
            assert not there.tables.all("Company")

        play(story)

    def test_an_update_of_what_is_not_there_is_refused(self) -> None:
        async def story(client: httpx.AsyncClient, there: Any) -> None:
            answer = await client.put(
                "/v1/data/objects/Company?keys=Name", json={"records": [{"Name": "A"}]}, headers=KEY
            )
            assert answer.json()["errorCode"] == "GSOBJ_1011"

        play(story)


class TestItsRules:
    def test_post_what_happened_with_the_shared_secret(self, monkeypatch: Any) -> None:
        heard: list[tuple[dict[str, Any], str]] = []

        async def hear(self: Any, body: Any) -> None:
            heard.append((dict(body), self.secret))

        monkeypatch.setattr("connectors.systems.gainsight.sandbox.rules.Rules._send", hear)

        async def story(client: httpx.AsyncClient, there: Any) -> None:
            for name, values in (
                ("customers", {"companies": [{"name": "Cedar", "stripe": "cus_1"}]}),
                ("health", {"company": "cus_1", "score": 20, "reason": "Fewer sign in."}),
                ("milestone", {"company": "Cedar", "name": "Go-live"}),
                ("renewal", {"company": "Cedar", "likelihood": 10}),
            ):
                answer = await client.post(f"/_control/scenario/{name}", json=values)
                assert answer.status_code == 200, answer.text
            await there.rules.idle()

        play(
            story,
            hook_url="http://127.0.0.1:9/hooks/x/",
            hook_secret="a-secret-of-many-letters",
            parameters={"likelihood_field": "Renewal_Likelihood__gc"},
        )
        assert [item["event"] for item, _ in heard] == ["company", "health", "milestone", "renewal"]
        assert {secret for _, secret in heard} == {"a-secret-of-many-letters"}
        assert heard[1][0]["reason"] == "Fewer sign in."
        for item, _ in heard:
            envelope = connector.open(json.dumps(item).encode())
            assert connector.translate(envelope, Settings("gainsight", "http://127.0.0.1:9"))

    def test_can_be_dropped(self) -> None:
        async def story(client: httpx.AsyncClient, there: Any) -> None:
            await client.post("/_control/faults", json={"drop_webhooks": True})
            await client.post("/_control/scenario/customers", json={"count": 1})
            posted = (await client.get("/_control/webhooks")).json()["posted"]
            assert [item["result"] for item in posted] == ["dropped"]

        play(story, hook_url="http://127.0.0.1:9/hooks/x/", hook_secret="a-secret-of-many-letters")


class TestItsSwitchboard:
    def test_tells_what_it_holds_and_forgets_it(self) -> None:
        async def story(client: httpx.AsyncClient, there: Any) -> None:
            await client.post("/_control/scenario/customers", json={"count": 3})
            state = (await client.get("/_control/state")).json()
            assert state["counts"]["Company"] == 3
            await client.post("/_control/faults", json={"down": True})
            await client.post("/_control/reset")
            state = (await client.get("/_control/state")).json()
            assert state["counts"]["Company"] == 0
            assert (await client.get("/_control/faults")).json() == {}

        play(story)

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("faults", {"fire": True}),
            ("scenario/nothing", {}),
            ("scenario/health", {}),
            ("what", {}),
        ],
    )
    def test_says_in_words_what_cannot_be_done(self, path: str, body: Any) -> None:
        async def story(client: httpx.AsyncClient, there: Any) -> None:
            answer = await client.post(f"/_control/{path}", json=body)
            assert answer.status_code == 400
            assert answer.json()["problem"]

        play(story)

    def test_known_companies_are_not_made_twice(self) -> None:
        async def story(client: httpx.AsyncClient, there: Any) -> None:
            values = {"companies": [{"name": "Cedar", "stripe": "cus_1"}]}
            for _ in range(2):
                await client.post("/_control/scenario/customers", json=values)
            assert len(there.tables.all("Company")) == 1

        play(story)


class TestItsFile:
    def test_outlives_a_restart(self, tmp_path: Path) -> None:
        path = str(tmp_path / "state" / "gainsight.state")

        async def before(client: httpx.AsyncClient, there: Any) -> None:
            await client.post("/_control/scenario/customers", json={"count": 2})

        async def after(client: httpx.AsyncClient, there: Any) -> None:
            assert len(there.tables.all("Company")) == 2

        play(before, state_path=path)
        play(after, state_path=path)
