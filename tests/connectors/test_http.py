from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from connectors.contract import PayloadUnreadable
from connectors.http import Client, NotSent, Unanswered
from revops.kernel import correlation

Handler = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Story = Callable[[Client], Awaitable[Any]]


class Peer:
    """A server on loopback that answers each request with ``handler`` and remembers them."""

    def __init__(self, handler: Handler) -> None:
        self.handler = handler
        self.requests: list[bytes] = []
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                body = await reader.readexactly(length)
                self.requests.append(head + body)
                await self.handler(head + body, reader, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def play(self, story: Story, **options: Any) -> Any:
        async def run() -> Any:
            server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            try:
                async with Client(
                    f"http://127.0.0.1:{port}/base",
                    hosts=(),
                    **{"allow_loopback": True, "timeout_s": 5, **options},
                ) as client:
                    return await story(client)
            finally:
                server.close()

        return asyncio.run(run())


def answering(payload: bytes, status: str = "200 OK", extra: str = "") -> Handler:
    async def handler(
        request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(payload)}\r\nX-Mixed: Yes\r\n{extra}\r\n"
        writer.write(head.encode() + payload)

    return handler


async def hanging_up(
    request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.transport.abort()


class TestCall:
    def test_sends_json_forms_and_parameters_below_the_base_path(self) -> None:
        peer = Peer(answering(b'{"amount": 12.50}'))

        async def story(client: Client) -> None:
            with correlation.bound("co-1234567890"):
                answer = await client.call(
                    "POST", "/a?x=1", params={"y": ["1", "2"]}, json={"b": 1, "a": "é"}
                )
            assert (answer.status, answer.headers["x-mixed"]) == (200, "Yes")
            assert str(answer.json()["amount"]) == "12.50"
            await client.call("POST", "/form", form=[("items[0][price]", "p&1")])

        peer.play(story)
        first, second = peer.requests
        assert first.startswith(b"POST /base/a?x=1&y=1&y=2 HTTP/1.1")
        assert '{"a":"é","b":1}'.encode() in first
        assert b"X-Correlation-Id: co-1234567890".lower() in first.lower()
        assert b"user-agent: RevOps-Console/1" in first
        assert second.endswith(b"items%5B0%5D%5Bprice%5D=p%261")
        assert peer.connections == 1

    def test_i10_does_not_follow_redirects_and_keeps_no_cookies(self) -> None:
        peer = Peer(
            answering(
                b"",
                "307 Temporary Redirect",
                "Location: http://evil.example/\r\nSet-Cookie: s=1\r\n",
            )
        )

        async def story(client: Client) -> None:
            assert (await client.call("POST", "/a")).status == 307
            assert (await client.call("POST", "/a")).status == 307

        peer.play(story)
        assert len(peer.requests) == 2
        assert b"cookie" not in peer.requests[1].lower()

    def test_unreadable_json_is_told_in_words(self) -> None:
        async def story(client: Client) -> None:
            answer = await client.call("GET", "/a")
            with pytest.raises(PayloadUnreadable, match="not valid JSON"):
                answer.json()
            assert answer.excerpt(6) == "<html>"

        Peer(answering(b"<html>Wartung</html>")).play(story)

    def test_ignores_proxies_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")

        async def story(client: Client) -> int:
            return (await client.call("GET", "/a")).status

        assert Peer(answering(b"{}")).play(story) == 200

    def test_many_calls_at_once_share_the_connections(self) -> None:
        peer = Peer(answering(b"{}"))

        async def story(client: Client) -> None:
            answers = await asyncio.gather(*(client.call("GET", f"/{n}") for n in range(50)))
            assert {answer.status for answer in answers} == {200}

        peer.play(story, connections=4)
        assert len(peer.requests) == 50
        assert peer.connections <= 4


class TestUnanswered:
    def test_a_lost_connection_after_sending_is_in_doubt_and_not_repeated(self) -> None:
        peer = Peer(hanging_up)

        async def story(client: Client) -> None:
            for method in ("POST", "PUT", "DELETE", "PATCH"):
                with pytest.raises(Unanswered):
                    await client.call(method, "/a", json={})

        peer.play(story)
        assert len(peer.requests) == 4

    def test_a_kept_alive_connection_that_dies_is_in_doubt_and_not_repeated(self) -> None:
        async def first_only(
            request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            if len(peer.requests) == 1:
                await answering(b"{}")(request, reader, writer)
            else:
                writer.transport.abort()

        peer = Peer(first_only)

        async def story(client: Client) -> None:
            await client.call("PUT", "/a", json={})
            with pytest.raises(Unanswered):
                await client.call("PUT", "/a", json={})

        peer.play(story)
        assert len(peer.requests) == 2

    def test_the_total_deadline_ends_a_drip(self) -> None:
        async def dripping(
            request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(100):
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

        async def story(client: Client) -> float:
            started = time.monotonic()
            with pytest.raises(Unanswered, match="in time"):
                await client.call("POST", "/a")
            return time.monotonic() - started

        assert Peer(dripping).play(story, timeout_s=0.4) < 2

    def test_the_byte_cap_ends_a_flood(self) -> None:
        async def flooding(
            request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            for _ in range(1000):
                writer.write(b"x" * 100_000)
                await writer.drain()

        async def story(client: Client) -> None:
            with pytest.raises(Unanswered, match="larger than"):
                await client.call("GET", "/a")

        Peer(flooding).play(story, byte_cap=1_000_000)

    def test_a_truncated_answer_is_no_answer(self) -> None:
        async def truncating(
            request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"id":')
            await writer.drain()
            writer.close()

        async def story(client: Client) -> None:
            with pytest.raises(Unanswered, match="broke off"):
                await client.call("POST", "/a")

        Peer(truncating).play(story)

    def test_what_is_no_http_is_no_answer(self) -> None:
        async def mumbling(
            request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

        async def story(client: Client) -> None:
            with pytest.raises(Unanswered):
                await client.call("POST", "/a")

        Peer(mumbling).play(story)


class TestNotSent:
    def test_a_closed_port_was_sent_nothing(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]

        async def story() -> None:
            async with Client(f"http://127.0.0.1:{port}", hosts=(), allow_loopback=True) as client:
                with pytest.raises(NotSent, match="could not be reached"):
                    await client.call("POST", "/a")

        asyncio.run(story())

    def test_past_the_deadline_nothing_is_written_but_reads_go_on(self) -> None:
        peer = Peer(answering(b"{}"))

        async def story(client: Client) -> None:
            late = client.until(time.monotonic() - 0.001)
            with pytest.raises(NotSent, match="time to send"):
                await late.call("POST", "/a", json={})
            assert (await late.call("GET", "/b")).status == 200
            assert (await client.call("POST", "/c")).status == 200

        peer.play(story)
        assert [request.split()[1] for request in peer.requests] == [b"/base/b", b"/base/c"]

    def test_the_deadline_is_checked_after_waiting_for_a_connection(self) -> None:
        async def slow(
            request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            await asyncio.sleep(0.5)
            await answering(b"{}")(request, reader, writer)

        peer = Peer(slow)

        async def story(client: Client) -> None:
            timely = client.until(time.monotonic() + 0.2)
            results = await asyncio.gather(
                timely.call("POST", "/1"), timely.call("POST", "/2"), return_exceptions=True
            )
            assert [type(result).__name__ for result in results] == ["Answer", "NotSent"]

        peer.play(story, connections=1)
        assert len(peer.requests) == 1

    def test_i10_a_name_that_leads_inside_is_refused_at_connect(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def rebound(
            self: object, host: str, port: int = 0, family: int = 0
        ) -> list[dict[str, Any]]:
            return [
                {
                    "hostname": host,
                    "host": "127.0.0.1",
                    "port": port,
                    "family": socket.AF_INET,
                    "proto": 0,
                    "flags": 0,
                }
            ]

        monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", rebound)

        async def story() -> None:
            async with Client("https://api.stripe.com", hosts=("api.stripe.com",)) as client:
                with pytest.raises(NotSent, match="not a public address"):
                    await client.call("GET", "/v1/balance")

        asyncio.run(story())

    def test_an_address_outside_of_the_templates_is_refused_at_once(self) -> None:
        with pytest.raises(NotSent, match=r"evil\.example"):
            Client("https://evil.example", hosts=("api.stripe.com",))

    def test_a_path_cannot_change_the_host(self) -> None:
        async def story(client: Client) -> None:
            with pytest.raises(ValueError, match="slash"):
                await client.call("GET", "@evil.example/")

        Peer(answering(b"{}")).play(story)


class TestTls:
    def test_a_certificate_of_nobody_is_refused_before_anything_is_sent(
        self, tmp_path: Any
    ) -> None:
        context = _self_signed(tmp_path)

        async def story() -> None:
            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                received.append(await reader.read(10))

            received: list[bytes] = []
            server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
            port = server.sockets[0].getsockname()[1]
            async with Client(f"https://127.0.0.1:{port}", hosts=(), allow_loopback=True) as client:
                with pytest.raises(NotSent, match="certificate"):
                    await client.call("POST", "/a")
            server.close()
            assert not any(received)

        asyncio.run(story())


def _self_signed(folder: Any) -> Any:
    import ssl
    from datetime import UTC, datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(tz=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = folder / "pair.pem"
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context
