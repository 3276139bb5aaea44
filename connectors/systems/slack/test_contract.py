from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx
import pytest
from starlette.types import ASGIApp

from connectors.contract import Command, Outcome, Settings
from connectors.http import Client
from connectors.systems.slack import sandbox
from connectors.systems.slack.connector import connector
from connectors.systems.slack.desk import chat
from connectors.testing import LOOPBACK, NoticeContract


class TestSlack(NoticeContract):
    connector = connector
    settings = Settings(slug="slack", base_url=LOOPBACK, secrets={"path": sandbox.PATH})

    def build(self) -> ASGIApp:
        return sandbox.build()

    def command(self, number: int) -> Command:
        return chat(number)

    def refused_command(self) -> Command:
        return chat(99, link="javascript:alert(1)")

    async def held(self, sandbox: httpx.AsyncClient) -> Sequence[Mapping[str, str]]:
        found: Sequence[Mapping[str, str]] = (await sandbox.get("/_control/messages")).json()
        return found

    def identity(self, message: Mapping[str, str]) -> str:
        return message["text"].rpartition("ref ")[2]

    def test_a_text_can_name_nobody_and_link_nowhere(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, chat(1, title="<!channel> pay & go", link=""))
            (found,) = await self.held(sandbox)
            assert found["text"].startswith("*&lt;!channel&gt; pay &amp; go*")
            page = (await sandbox.get("/")).text
            assert "&lt;!channel&gt; pay &amp; go" in page
            assert "<!channel>" not in page

        self.run(story)

    @pytest.mark.parametrize(
        ("fault", "code"), [("archived", "channel_is_archived"), ("gone", "no_service")]
    )
    def test_a_webhook_that_is_gone_refuses_no_message(self, fault: str, code: str) -> None:
        """No message is at fault: all of them wait until somebody repairs the connection."""

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, **{fault: True})
            receipts = await connector.send(client, self.settings, [chat(1), chat(2)])
            assert [(one.outcome, one.code) for one in receipts] == [(Outcome.AUTH, code)] * 2

        self.run(story)

    def test_waits_as_long_as_it_is_asked_to_and_by_itself_otherwise(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, throttle=True, retry_after=7)
            assert (await self.send_one(client, chat(1))).retry_after == 7
            await self.fault(sandbox, retry_after=0)
            assert (await self.send_one(client, chat(1))).retry_after == 30

        self.run(story)
