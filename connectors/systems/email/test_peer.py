"""
Against a mail server that we did not write (aiosmtpd), over real sockets and with real TLS. Its
certificate is of an authority that is made here and believed for the test alone.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors import wire
from connectors.contract import Command, Outcome, Receipt, Settings
from connectors.http import Client
from connectors.systems.email.connector import connector
from connectors.systems.email.desk import mail

LOGIN: Final = "console@demo.example"
PASSWORD: Final = "pass ä word"
SETTINGS: Final = Settings(
    slug="email",
    base_url="smtp://localhost:9",
    parameters={"sender": "console@demo.example", "login": LOGIN},
    secrets={"password": PASSWORD},
)


@dataclass(slots=True)
class Mailbox:
    """aiosmtpd's handler: what it took; ``reply`` is its answer to the next mail."""

    taken: list[Envelope] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    reply: str = "250 2.0.0 Ok"
    to: str = "250 2.1.5 Ok"
    unknown: str = ""

    async def handle_RCPT(  # noqa: N802  the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address == self.unknown:
            return "550 5.1.1 No such user"
        if self.to.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.to

    async def handle_DATA(  # noqa: N802  the name is aiosmtpd's
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.reply.startswith("250"):
            self.taken.append(envelope)
            self.encrypted.append(session.ssl is not None)
        return self.reply


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key with its own certificate for ``localhost``, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def believed(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(wire, "_tls", lambda: context)


def served(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def known(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, said: Any
) -> AuthResult:
    good = isinstance(said, LoginPassword) and (said.login, said.password) == (
        LOGIN.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=good, handled=False)


def talk(
    box: Mailbox,
    story: Callable[[Client], Awaitable[Sequence[Receipt]]],
    *,
    scheme: str = "smtp",
    tls: ssl.SSLContext | None = None,
    host: str = "localhost",
    **given: Any,
) -> Sequence[Receipt]:
    """``tls`` is offered by STARTTLS, or spoken from the first byte for ``smtps``."""
    implicit = scheme == "smtps"

    def protocol() -> SMTP:
        return SMTP(
            box, hostname="mail.test", tls_context=None if implicit else tls, timeout=5, **given
        )

    async def play() -> Sequence[Receipt]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=tls if implicit else None)
        port = server.sockets[0].getsockname()[1]
        try:
            url = f"{scheme}://{host}:{port}"
            async with Client(url, hosts=(), allow_loopback=True, timeout_s=3) as client:
                return await story(client)
        finally:
            server.close()

    return asyncio.run(play())


def sent(*commands: Command, settings: Settings = SETTINGS) -> Any:
    async def story(client: Client) -> Sequence[Receipt]:
        return await connector.send(client, settings, commands or [mail(1)])

    return story


@pytest.mark.usefixtures("believed")
class TestEncrypted:
    def test_by_starttls_and_signed_in_by_plain(self, certificate: Path) -> None:
        box = Mailbox()
        receipts = talk(
            box, sent(mail(1), mail(2)), tls=served(certificate), require_starttls=True,
            auth_required=True, authenticator=known,
        )  # fmt: skip
        assert [one.outcome for one in receipts] == [Outcome.OK] * 2, receipts
        assert box.encrypted == [True, True]
        first = box.taken[0]
        assert (first.mail_from, first.rcpt_tos) == (LOGIN, ["person1@demo.example"])
        assert b"\r\n.A line that begins with a dot" in (first.content or b"")

    @pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
    def test_from_the_first_byte_and_signed_in_by_login(self, certificate: Path) -> None:
        box = Mailbox()
        (receipt,) = talk(
            box, sent(), scheme="smtps", tls=served(certificate), auth_required=True,
            auth_require_tls=False, auth_exclude_mechanism=["PLAIN"], authenticator=known,
        )  # fmt: skip
        assert receipt.outcome is Outcome.OK, receipt
        assert len(box.taken) == 1

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    def test_is_not_with_a_certificate_of_another_name(
        self, certificate: Path, scheme: str
    ) -> None:
        box = Mailbox()
        (receipt,) = talk(
            box, sent(), scheme=scheme, tls=served(certificate), host="127.0.0.1",
        )  # fmt: skip
        assert receipt.outcome in (Outcome.AUTH, Outcome.NOT_SENT)
        assert "secure connection" in receipt.reason
        assert not box.taken

    def test_a_wrong_password_is_told_as_such(self, certificate: Path) -> None:
        box = Mailbox()
        wrong = replace(SETTINGS, secrets={"password": "guess"})
        for left_out in (["LOGIN"], ["PLAIN"]):
            (receipt,) = talk(
                box, sent(settings=wrong), tls=served(certificate), auth_required=True,
                authenticator=known, auth_exclude_mechanism=left_out,
            )  # fmt: skip
            assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "credentials_refused")
        assert not box.taken

    def test_a_server_that_offers_no_way_to_sign_in_is_told_as_such(
        self, certificate: Path
    ) -> None:
        (receipt,) = talk(
            Mailbox(), sent(), tls=served(certificate),
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
        )  # fmt: skip
        assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "sign_in_missing")

    def test_a_certificate_that_nobody_vouches_for_is_not_believed(
        self, certificate: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(wire, "_tls", ssl.create_default_context)
        box = Mailbox()
        (receipt,) = talk(box, sent(), tls=served(certificate))
        assert (receipt.outcome, receipt.code) == (Outcome.AUTH, "tls_refused")
        assert not box.taken

    @pytest.mark.parametrize(
        ("more", "outcome", "code"),
        [
            # RFC 3207 §4.2: who sits on the line could have put them there.
            (b"250-mail.test\r\n250 AUTH PLAIN\r\n", Outcome.AUTH, "tls_refused"),
            (b"", Outcome.TRANSIENT, "lost"),
        ],
    )
    def test_is_not_when_the_server_talks_on_or_hangs_up(
        self, more: bytes, outcome: Outcome, code: str
    ) -> None:
        said: list[bytes] = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 mail.test\r\n")
            said.append(await reader.readline())
            writer.write(b"250-mail.test\r\n250 STARTTLS\r\n")
            said.append(await reader.readline())
            writer.write(b"220 go ahead\r\n" + more)
            if more:
                said.append(await reader.read())
            writer.close()

        async def play() -> Receipt:
            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            async with Client(f"smtp://localhost:{port}", hosts=(), allow_loopback=True) as client:
                (receipt,) = await connector.send(client, SETTINGS, [mail(1)])
            server.close()
            return receipt

        receipt = asyncio.run(play())
        assert (receipt.outcome, receipt.code) == (outcome, code)
        assert said == [b"EHLO [127.0.0.1]\r\n", b"STARTTLS\r\n", *([b""] if more else [])]


class TestWhatItSays:
    """A server that answers a mail with these words; nothing is encrypted, on loopback."""

    OPEN: Final = replace(
        SETTINGS, parameters={"sender": "console@demo.example", "sign_in": "none"}, secrets={}
    )

    @pytest.mark.parametrize(
        ("reply", "outcome", "code"),
        [
            ("550 5.1.1 No such user", Outcome.REFUSED, "no_mailbox"),
            ("550 5.7.1 Blocked by your admin", Outcome.REFUSED, "mail_refused"),
            ("554 5.7.1 Relay access denied", Outcome.AUTH, "sender_refused"),
            ("552 5.2.2 Mailbox full", Outcome.REFUSED, "mailbox_full"),
            ("452 4.2.2 Mailbox full", Outcome.THROTTLED, "mailbox_full"),
            ("450 4.2.0 Greylisted", Outcome.THROTTLED, "put_off"),
            ("421 4.3.2 Going down", Outcome.TRANSIENT, "not_now"),
        ],
    )
    def test_of_a_recipient(self, reply: str, outcome: Outcome, code: str) -> None:
        box = Mailbox(to=reply)
        (receipt,) = talk(box, sent(settings=self.OPEN))
        assert (receipt.outcome, receipt.code) == (outcome, code), receipt
        assert receipt.reason.count(".") == 1, "the status is no part of what people read"
        assert not box.taken

    @pytest.mark.parametrize(
        ("reply", "outcome", "code"),
        [
            ("554 5.6.0 Looks like spam", Outcome.REFUSED, "content_refused"),
            ("552 5.3.4 Too big", Outcome.REFUSED, "too_large"),
            ("550 5.7.26 Unauthenticated", Outcome.AUTH, "sender_unproven"),
            ("550 5.7.28 Too much mail", Outcome.THROTTLED, "throttled"),
            ("421 4.7.28 Too much mail", Outcome.THROTTLED, "throttled"),
            ("451 4.7.1 Come back", Outcome.THROTTLED, "put_off"),
        ],
    )
    def test_of_a_mail(self, reply: str, outcome: Outcome, code: str) -> None:
        box = Mailbox(reply=reply)
        (receipt,) = talk(box, sent(settings=self.OPEN))
        assert (receipt.outcome, receipt.code) == (outcome, code), receipt
        assert (receipt.retry_after is not None) == (code == "throttled")

    def test_of_whom_a_mail_was_to_is_kept_by_nobody(self) -> None:
        box = Mailbox(to="550 5.1.1 <person1@demo.example>: Recipient address rejected")
        (receipt,) = talk(box, sent(settings=self.OPEN))
        assert "Recipient address rejected" in receipt.reason
        assert "person1" not in receipt.reason + receipt.excerpt

    def test_of_one_recipient_leaves_the_others_their_mail(self) -> None:
        box = Mailbox(unknown="person2@demo.example")
        receipts = talk(box, sent(mail(1), mail(2), mail(3), settings=self.OPEN))
        assert [one.outcome for one in receipts] == [Outcome.OK, Outcome.REFUSED, Outcome.OK]
        assert [one.rcpt_tos for one in box.taken] == [
            ["person1@demo.example"], ["person3@demo.example"],
        ]  # fmt: skip

    def test_of_its_size_is_believed_before_anything_is_sent(self) -> None:
        box = Mailbox()
        long = mail(1, text="x" * 5000)
        (receipt, other) = talk(box, sent(long, mail(2), settings=self.OPEN), data_size_limit=2000)
        assert (receipt.outcome, receipt.code) == (Outcome.REFUSED, "too_large")
        assert other.outcome is Outcome.OK
        assert len(box.taken) == 1
