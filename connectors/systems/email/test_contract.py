from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import httpx
import pytest
from starlette.types import ASGIApp

from connectors.contract import CallFailed, Command, Outcome, Settings
from connectors.http import Client
from connectors.systems.email import sandbox
from connectors.systems.email.connector import connector
from connectors.systems.email.desk import mail
from connectors.testing import LOOPBACK, NoticeContract, SignInContract
from connectors.testing.common import Contract

_T = TypeVar("_T")


class _Served(Contract):
    """Give ``settings``: the sandbox serves SMTP at a port of its own."""

    connector = connector

    def build(self) -> ASGIApp:
        return sandbox.build()

    def run(
        self, story: Callable[[Client, httpx.AsyncClient], Coroutine[Any, Any, _T]], **options: Any
    ) -> _T:
        """As in the base class, with a real socket: SMTP is no HTTP. Tokens come by HTTP."""

        async def play() -> _T:
            app = sandbox.build()
            server = app.state.server
            await server.start(0)
            wire = httpx.ASGITransport(app=app)
            try:
                async with (
                    Client(
                        f"smtp://127.0.0.1:{server.port}",
                        hosts=(),
                        allow_loopback=True,
                        transport=wire,
                        **options,
                    ) as client,
                    httpx.AsyncClient(transport=wire, base_url="http://sandbox") as door,
                ):
                    return await story(client, door)
            finally:
                await server.stop()

        return asyncio.run(play())


class TestEmailByTokens(_Served, SignInContract):
    """Signed in by Microsoft Entra, as Exchange Online wants it."""

    settings = Settings(
        slug="email",
        base_url="smtp://127.0.0.1:9",
        parameters={
            "sender": "console@demo.example", "login": sandbox.LOGIN, "sign_in": "entra",
            "tenant": "contoso.example", "sign_in_url": LOOPBACK,
        },
        secrets={"client_id": sandbox.CLIENT_ID, "client_secret": sandbox.CLIENT_SECRET},
    )  # fmt: skip

    async def act(self, client: Client, settings: Settings) -> None:
        (receipt,) = await connector.send(client, settings, [mail(1)])
        if receipt.outcome is not Outcome.OK:
            raise CallFailed(receipt.outcome, receipt.reason)

    def test_a_token_of_somebody_else_sends_nothing(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            parameters = {**self.settings.parameters, "login": "other@demo.example"}
            settings = replace(self.settings, parameters=parameters)
            (receipt,) = await connector.send(client, settings, [mail(1)])
            assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "credentials_refused")
            assert not (await sandbox.get("/_control/mails")).json()

        self.run(story)


class TestEmail(_Served, NoticeContract):
    settings = Settings(
        slug="email",
        base_url="smtp://127.0.0.1:9",
        parameters={"sender": "console@demo.example", "login": sandbox.LOGIN},
        secrets={"password": sandbox.PASSWORD},
    )

    def command(self, number: int) -> Command:
        return mail(number)

    def refused_command(self) -> Command:
        return mail(99, to="nobody@refused.example")

    async def held(self, sandbox: httpx.AsyncClient) -> Sequence[Mapping[str, str]]:
        found: Sequence[Mapping[str, str]] = (await sandbox.get("/_control/mails")).json()
        return found

    def identity(self, message: Mapping[str, str]) -> str:
        return message["message_id"]

    def test_a_mail_arrives_as_it_was_written(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, mail(7))
            (found,) = await self.held(sandbox)
            assert found["subject"] == "APR-7: a credit waits for you"
            assert found["to"] == "Priya Nair <person7@demo.example>"
            assert found["message_id"] == "<rc1-mail7@demo.example>"
            text = found["text"].replace("\r\n", "\n")
            assert text.startswith("A credit waits for you.\n.A line that begins with a dot — and")
            assert text.endswith("\n\nhttps://console.example/approvals/APR-7/\n")

        self.run(story)

    def test_a_header_cannot_be_smuggled_in(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            for wrong in (
                {"subject": "Hello\r\nBcc: all@example.com"},
                {"to": "a@example.com>\r\nRCPT TO:<b@example.com"},
                {"name": "A\nB"},
            ):
                receipt = await self.send_one(client, mail(1, **wrong))
                assert receipt.outcome is Outcome.REFUSED, wrong
            assert not await self.held(sandbox)

        self.run(story)

    def test_what_cannot_be_delivered_comes_back_to_an_address_of_its_own(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            parameters = {**self.settings.parameters, "bounces": "returned@demo.example"}
            settings = replace(self.settings, parameters=parameters)
            (receipt,) = await connector.send(client, settings, [mail(1)])
            assert receipt.outcome is Outcome.OK
            (found,) = await self.held(sandbox)
            assert found["envelope_from"] == "returned@demo.example"
            assert found["from"] == "console@demo.example"
            assert found["reference"] == mail(1).key

        self.run(story)

    def test_the_sandbox_tells_what_it_holds_and_forgets_it(self) -> None:
        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            await self.send_one(client, mail(1))
            told = (await sandbox.get("/_control/state")).json()
            assert (told["mails"], told["last"][0]["subject"][:5]) == (1, "APR-1")
            await self.fault(sandbox, refuse=True)
            assert (await sandbox.post("/_control/reset")).json() == {"reset": True}
            assert (await self.send_one(client, mail(2))).outcome is Outcome.OK
            assert len(await self.held(sandbox)) == 1

        self.run(story)

    def test_mail_is_not_sent_in_the_open(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Outside of trusted networks a server without STARTTLS gets nothing, least a password."""
        dial = Client.dial

        async def far(self: Client) -> Any:
            reader, writer, _ = await dial(self)
            return reader, writer, False

        async def story(client: Client, sandbox: httpx.AsyncClient) -> None:
            monkeypatch.setattr(Client, "dial", far)
            receipt = await self.send_one(client, mail(1))
            assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "tls_missing")
            assert not await self.held(sandbox)

        self.run(story)
