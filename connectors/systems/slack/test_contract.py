from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx
import pytest
from starlette.types import ASGIApp

from connectors.contract import Command, Outcome, Settings
from connectors.http import Answer, Client
from connectors.systems.slack import answers, sandbox
from connectors.systems.slack.connector import connector
from connectors.systems.slack.desk import chat
from connectors.systems.slack.sandbox import forms
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

    @pytest.mark.parametrize("form", forms.FORMS)
    def test_each_products_form_is_understood(self, form: str) -> None:
        """Slack's word, Mattermost's id, Rocket.Chat's success, Zulip's result."""

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            assert (await sandbox.post("/_control/form", json={"form": form})).status_code == 200
            (step,) = await connector.probe(client, self.settings)
            assert step.passed, step
            assert not await self.held(sandbox), "test connection posts nothing"
            assert (await self.send_one(client, chat(1))).outcome is Outcome.OK
            await self.fault(sandbox, throttle=True, retry_after=7)
            receipt = await self.send_one(client, chat(2))
            assert (receipt.outcome, receipt.retry_after) == (Outcome.THROTTLED, 7)
            await self.fault(sandbox, throttle=False)
            for fault in ("gone", "unauthorized"):
                await self.fault(sandbox, **{fault: True})
                receipt = await self.send_one(client, chat(2))
                assert receipt.outcome is Outcome.AUTH, (fault, receipt)
                (step,) = await connector.probe(client, self.settings)
                assert not step.passed
                await self.fault(sandbox, **{fault: False})
            assert len(await self.held(sandbox)) == 1

        self.run(story)

    @pytest.mark.parametrize(
        ("status", "body", "outcome", "code"),
        [
            (200, b'{"ok":true}', Outcome.OK, ""),
            (200, b'{"ok":false,"error":"invalid_auth"}', Outcome.AUTH, "invalid_auth"),
            (200, b'{"ok":false,"error":"ratelimited"}', Outcome.THROTTLED, "throttled"),
            (200, b'{"ok":false,"error":"msg_too_long"}', Outcome.REFUSED, "msg_too_long"),
            (200, b'{"success":false,"error":"Nobody is there."}', Outcome.REFUSED, "refused"),
            (200, b'{"result":"error","msg":"Hm","code":"BAD_REQUEST"}', Outcome.REFUSED,
             "bad_request"),
            (200, b"posted", Outcome.IN_DOUBT, "garbled"),
            (200, b"{}", Outcome.IN_DOUBT, "garbled"),
            (200, b'[{"ok":true}]', Outcome.IN_DOUBT, "garbled"),
            (200, b'{"ok":"true"}', Outcome.IN_DOUBT, "garbled"),
            (400, b"invalid_blocks", Outcome.REFUSED, "invalid_blocks"),
            (400, b"ok", Outcome.REFUSED, "refused"),
            (403, b"action_prohibited", Outcome.AUTH, "action_prohibited"),
            (500, b"rollup_error", Outcome.TRANSIENT, "failed"),
            (501, b'{"id":"web.incoming_webhook.disabled.app_error","status_code":501}',
             Outcome.AUTH, "web.incoming_webhook.disabled"),
            (503, b'{"success":false,"error":"Service Unavailable"}', Outcome.TRANSIENT, "failed"),
            (302, b"", Outcome.AUTH, "address_wrong"),
        ],
    )  # fmt: skip
    def test_the_body_decides_and_the_status_is_evidence(
        self, status: int, body: bytes, outcome: Outcome, code: str
    ) -> None:
        receipt = answers.receipt(Answer(status, {}, body), key="rc1-chat")
        assert (receipt.outcome, receipt.code) == (outcome, code), receipt
        assert outcome is Outcome.OK or len(receipt.reason.split()) > 3

    def test_a_key_may_stand_in_the_addresss_query(self) -> None:
        """As Zulip's addresses have it."""
        path = "/api/v1/external/slack_incoming?api_key=abc123&stream=finance%20ops"

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            settings = replace(self.settings, secrets={"path": path})
            (receipt,) = await connector.send(client, settings, [chat(1)])
            assert receipt.outcome is Outcome.OK

        class Zulip(TestSlack):
            def build(self) -> ASGIApp:
                return sandbox.build(sandbox.Config(path=path, form=forms.ZULIP))

        Zulip().run(story)

    def test_waits_as_long_as_it_is_asked_to_and_by_itself_otherwise(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, throttle=True, retry_after=7)
            assert (await self.send_one(client, chat(1))).retry_after == 7
            await self.fault(sandbox, retry_after=0)
            assert (await self.send_one(client, chat(1))).retry_after == 30

        self.run(story)
