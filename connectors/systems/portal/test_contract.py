from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import httpx
import pytest
from standardwebhooks import Webhook
from starlette.types import ASGIApp

from connectors.contract import Command, Outcome, Settings
from connectors.http import Answer, Client
from connectors.systems.portal import message, sandbox
from connectors.systems.portal.connector import connector, receipt_of
from connectors.systems.portal.desk import event
from connectors.testing import LOOPBACK, NoticeContract
from revops.kernel import clock

_NEW = "whsec_" + "QUJD" * 8


class TestPortal(NoticeContract):
    connector = connector
    settings = Settings(
        slug="portal", base_url=LOOPBACK, parameters={"path": "/webhooks/revops"},
        secrets={"signing_secret": sandbox.SECRET},
    )  # fmt: skip

    def build(self) -> ASGIApp:
        return sandbox.build()

    def command(self, number: int) -> Command:
        return event(number)

    def refused_command(self) -> Command:
        return event(99, type="")

    async def held(self, sandbox: httpx.AsyncClient) -> Sequence[Mapping[str, str]]:
        found: Sequence[Mapping[str, str]] = (await sandbox.get("/_control/messages")).json()
        return found

    def identity(self, message: Mapping[str, str]) -> str:
        return message["id"]

    @pytest.mark.parametrize("fault", ["response_lost", "late_commit"])
    def test_a_copy_is_no_second_event_to_a_subscriber_that_keeps_to_the_standard(
        self, fault: str
    ) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, **{fault: {"times": 1}})
            await self.send_one(client, event(1))
            await self.send_one(client, event(1))
            assert len(await self.held(sandbox)) == 2
            assert (await sandbox.get("/_control/done")).json() == {
                event(1).key: "entitlement.granted"
            }

        self.run(story, timeout_s=0.5)

    def test_a_message_of_another_secret_is_taken_by_nobody(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            other = replace(
                self.settings, secrets={"signing_secret": "whsec_" + "QUJD" * 8 + "QUI="}
            )
            (receipt,) = await connector.send(client, other, [event(1)])
            assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "endpoint_wrong")
            assert not await self.held(sandbox)

        self.run(story)

    def test_the_standards_own_library_takes_what_we_sign(self) -> None:
        at, content = clock.now(), message.body(event(7))
        headers = message.headers(message_id="msg_7", content=content, secret=sandbox.SECRET, at=at)
        told = Webhook(sandbox.SECRET).verify(content, headers)
        assert told["type"] == "entitlement.granted"
        assert told["data"]["entitlement_id"] == "ent_7"

    def test_while_a_secret_is_changed_either_is_enough(self) -> None:
        at, content = clock.now(), message.body(event(7))
        both = f"{_NEW} {sandbox.SECRET}"
        headers = message.headers(message_id="msg_7", content=content, secret=both, at=at)
        for secret in both.split():
            assert Webhook(secret).verify(content, headers)["type"] == "entitlement.granted"

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            changing = replace(self.settings, secrets={"signing_secret": both})
            (receipt,) = await connector.send(client, changing, [event(1)])
            assert receipt.outcome is Outcome.OK

        self.run(story)

    @pytest.mark.parametrize(
        ("status", "headers", "outcome", "code"),
        [
            (202, {}, Outcome.OK, ""),
            (301, {}, Outcome.AUTH, "endpoint_wrong"),
            (410, {}, Outcome.AUTH, "unsubscribed"),
            (413, {}, Outcome.REFUSED, "refused"),
            (502, {}, Outcome.TRANSIENT, "failed"),
            (504, {"retry-after": "9"}, Outcome.THROTTLED, "throttled"),
        ],
    )
    def test_the_status_says_what_the_standard_says(
        self, status: int, headers: Mapping[str, str], outcome: Outcome, code: str
    ) -> None:
        found = receipt_of(event(1), Answer(status, headers, b""))
        assert (found.outcome, found.code) == (outcome, code)

    @pytest.mark.parametrize(
        "secret", ["", "whsec_", "whsec_QUJD", "password", f"{sandbox.SECRET} whsec_QUJD"]
    )
    def test_a_secret_that_could_be_guessed_signs_nothing(self, secret: str) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            weak = replace(self.settings, secrets={"signing_secret": secret})
            (receipt,) = await connector.send(client, weak, [event(1)])
            assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "secret_wrong")
            assert not await self.held(sandbox)

        self.run(story)

    def test_an_endpoint_that_is_gone_refuses_no_message(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.fault(sandbox, gone=True)
            receipt = await self.send_one(client, event(1))
            assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "unsubscribed")

        self.run(story)
