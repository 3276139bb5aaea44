"""
How connectors call other systems: one client with a deadline, a byte cap and a guard.

Two exceptions carry what matters for money: ``NotSent`` is proof that no byte of the request left
us, ``Unanswered`` means the peer may have acted. aiohttp and httpx name their errors by what
broke, not by when, so the line is drawn by the connector below: a request whose connection was
handed out counts as sent. Never call inside a database transaction.
"""

from __future__ import annotations

import asyncio
import copy
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from connectors.contract import PayloadUnreadable
from connectors.egress import LOOPBACK, Egress, Network, Refused, Target
from revops.kernel import correlation, strict_json

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace

    from connectors.manifest import Manifest

BYTE_CAP: Final = 5 * 1024 * 1024
USER_AGENT: Final = "RevOps-Console/1"
_READS: Final = frozenset(("GET", "HEAD"))

Pairs = Mapping[str, Any] | Sequence[tuple[str, Any]]


class NotSent(Exception):
    """Nothing reached the peer: refused, unresolvable, forbidden, or past the send deadline."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unanswered(Exception):
    """The request may have reached the peer, and no complete answer came back."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of any status; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises contract.PayloadUnreadable when the body is not acceptable JSON."""
        try:
            return strict_json.loads(self.body, max_bytes=BYTE_CAP)
        except strict_json.JsonRefused as error:
            raise PayloadUnreadable(str(error)) from error

    def excerpt(self, limit: int = 500) -> str:
        """The body's beginning as text that can be stored and shown."""
        return strict_json.storable(self.body[: limit * 4].decode("utf-8", "replace"))[0][:limit]


@dataclass(slots=True)
class _Call:
    """One call on its way through the pool; ``handed`` once a connection was given to it."""

    write: bool
    send_by: float | None
    handed: bool = False


_call: ContextVar[_Call] = ContextVar("connectors_http_call")


class Client:
    """
    Calls one system. Use as ``async with Client(...) as client`` within one event loop; any
    number of calls may run at once and share its kept-alive connections.

    ``send_by`` (``time.monotonic()``) holds for every non-GET: past it nothing is sent and
    NotSent is raised. ``until`` gives a view with its own deadline.
    """

    send_by: float | None

    def __init__(
        self,
        base_url: str,
        *,
        hosts: Sequence[str],
        allow_loopback: bool = False,
        inside: Sequence[Network] = (),
        connect_timeout_s: float = 5,
        read_timeout_s: float = 30,
        timeout_s: float = 60,
        connections: int = 32,
        keep_alive_s: float = 4,
        byte_cap: int = BYTE_CAP,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """
        ``hosts``: the manifest's templates. ``allow_loopback`` for sandboxes and development only;
        ``inside``: networks that the operator trusts. ``keep_alive_s`` is kept below the usual
        server's, so that a call seldom meets a closing connection and becomes in doubt.
        ``transport`` replaces the network, for tests against an ASGI application.

        Raises NotSent when the address is not allowed.
        """
        egress = Egress(hosts, (*inside, *(LOOPBACK if allow_loopback else ())))
        try:
            self._target = egress.target(base_url)
        except Refused as error:
            raise NotSent(str(error)) from error
        self._egress = egress
        self._connections = connections
        self._connect_timeout_s = connect_timeout_s
        self._keep_alive_s = keep_alive_s
        self._timeout_s = timeout_s
        self._byte_cap = byte_cap
        self._extensions = {
            "timeout": {"connect": connect_timeout_s, "read": read_timeout_s, "pool": timeout_s}
        }
        self._transport = transport
        self._own = transport is None
        self.send_by = None

    @classmethod
    def of(cls, manifest: Manifest, base_url: str, **options: Any) -> Self:
        """A client with the manifest's hosts and limits. Raises NotSent."""
        return cls(
            base_url,
            hosts=manifest.hosts,
            connect_timeout_s=manifest.connect_timeout_s,
            read_timeout_s=manifest.read_timeout_s,
            timeout_s=manifest.timeout_s,
            connections=manifest.max_in_flight,
            **options,
        )

    def until(self, send_by: float | None) -> Self:
        """This client with another send deadline; connections are shared."""
        if self._transport is None:
            self._transport = self._open()
        view = copy.copy(self)
        view.send_by = send_by
        view._own = False
        return view

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        if self._own and self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Pairs | None = None,
        json: Any = None,
        form: Pairs | None = None,
        content: bytes | None = None,
    ) -> Answer:
        """
        One request; ``path`` starts with a slash and follows the base URL's path. At most one of
        ``json``, ``form`` and ``content``. Redirects are answers, not followed.

        Raises NotSent or Unanswered, nothing else for what a network or peer can do.
        """
        state = _Call(write=method not in _READS, send_by=self.send_by)
        request = self._request(method, path, headers, params, json, form, content)
        if self._transport is None:
            self._transport = self._open()
        if not isinstance(self._transport, AiohttpTransport):
            _pass(state)
        token = _call.set(state)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(request)
        except (NotSent, Unanswered):
            raise
        except TimeoutError as error:
            raise _failed(state, "The other system did not answer in time.") from error
        except (httpx.HTTPError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(state, _sentence(error)) from error
        finally:
            _call.reset(token)

    def _request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None,
        params: Pairs | None,
        json: Any,
        form: Pairs | None,
        content: bytes | None,
    ) -> httpx.Request:
        if not path.startswith("/"):
            raise ValueError("A path starts with a slash.")
        url = f"{self._target.origin}{self._target.path}{path}"
        if params:
            url += ("&" if "?" in path else "?") + urlencode(params, doseq=True)
        sent = {"user-agent": USER_AGENT, "accept-encoding": "identity", "accept": "*/*"}
        story = correlation.current()
        if story:
            sent[correlation.HEADER] = story
        if json is not None:
            content = strict_json.dumps(json).encode()
            sent["content-type"] = "application/json"
        elif form is not None:
            content = urlencode(form, doseq=True).encode("ascii")
            sent["content-type"] = "application/x-www-form-urlencoded"
        if headers:
            sent |= headers
        return httpx.Request(
            method, url, headers=sent, content=content, extensions=self._extensions
        )

    async def _exchange(self, request: httpx.Request) -> Answer:
        assert self._transport is not None
        response = await self._transport.handle_async_request(request)
        try:
            chunks: list[bytes] = []
            size = 0
            async for chunk in response.aiter_bytes():
                size += len(chunk)
                if size > self._byte_cap:
                    raise Unanswered(f"The answer is larger than {self._byte_cap} bytes.")
                chunks.append(chunk)
        finally:
            await response.aclose()
        return Answer(response.status_code, dict(response.headers.items()), b"".join(chunks))

    def _open(self) -> httpx.AsyncBaseTransport:
        context = _tls()
        connector = _Connector(
            resolver=_GuardedResolver(self._egress, self._target),
            ssl=context,
            limit=self._connections,
            keepalive_timeout=self._keep_alive_s,
            ttl_dns_cache=30,
        )
        session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            auto_decompress=False,
        )
        return AiohttpTransport(verify=context, trust_env=False, client=session)


class _Connector(aiohttp.TCPConnector):
    """Draws the line between *not sent* and *maybe sent*; nothing waits between here and write."""

    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        try:
            _pass(_call.get())
        except BaseException:
            connection.release()
            raise
        return connection


def _pass(state: _Call) -> None:
    """The last gate before the socket. Raises NotSent past the deadline."""
    if state.write:
        if state.handed:
            # aiohttp repeats PUT and DELETE on a lost connection by itself; we never do.
            raise Unanswered("The connection was lost after the request had been sent.")
        if state.send_by is not None and time.monotonic() >= state.send_by:
            raise NotSent("The time to send this had passed before a connection was free.")
    state.handed = True


def _failed(state: _Call, reason: str) -> NotSent | Unanswered:
    return Unanswered(reason) if state.handed else NotSent(reason)


def _sentence(error: Exception) -> str:
    """What happened, without addresses or content that could hold a secret."""
    cause = error.__cause__ if isinstance(error, httpx.HTTPError) else error
    if isinstance(cause, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        return "A secure connection could not be made: the certificate or TLS was not accepted."
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return "The host name could not be resolved."
    if isinstance(cause, aiohttp.ClientConnectorError):
        return "The other system could not be reached."
    if isinstance(cause, TimeoutError):
        return "The other system did not answer in time."
    if isinstance(cause, aiohttp.ClientPayloadError):
        return "The answer broke off in the middle."
    if isinstance(cause, aiohttp.ServerDisconnectedError | ConnectionError):
        return "The other system closed the connection without an answer."
    return f"The call failed ({type(cause or error).__name__})."


class _GuardedResolver(AbstractResolver):
    """Resolves once and hands out only allowed addresses, so a name cannot rebind after it."""

    def __init__(self, egress: Egress, target: Target) -> None:
        self._egress = egress
        self._target = target
        self._resolver = aiohttp.ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        for result in found:
            try:
                address = ipaddress.ip_address(result["host"].partition("%")[0])
                self._egress.check(address, inside_only=self._target.inside_only)
            except ValueError as error:
                raise NotSent(f"The host {host} may not be called: {error}") from error
        return found

    async def close(self) -> None:
        await self._resolver.close()


@cache
def _tls() -> ssl.SSLContext:
    """Verification on, one context for all: loading the certificates takes milliseconds."""
    return httpx.create_ssl_context(verify=True, trust_env=False)
