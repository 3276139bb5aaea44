"""
The sockets under ``connectors.http``: who may be reached, and the line between *not sent* and
*maybe sent*.

aiohttp and httpx name their errors by what broke, not by when (a connection lost after the request
comes out as a connect timeout), so the line is drawn here: a request whose connection was handed
out counts as sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import time
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from connectors.egress import Address, Egress, Target

if TYPE_CHECKING:
    from aiohttp.client import ClientTimeout
    from aiohttp.client_reqrep import ClientRequest
    from aiohttp.connector import Connection
    from aiohttp.tracing import Trace


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


@dataclass(slots=True)
class Passage:
    """One call on its way through the pool; ``handed`` once a connection was given to it."""

    write: bool
    send_by: float | None
    handed: bool = False


current: Final[ContextVar[Passage]] = ContextVar("connectors_passage")


def transport(
    egress: Egress, target: Target, *, connections: int, keep_alive_s: float
) -> httpx.AsyncBaseTransport:
    """A pool of connections to ``target``; belongs to the running event loop."""
    context = _tls()
    connector = _Connector(
        resolver=_GuardedResolver(egress, target),
        ssl=context,
        limit=connections,
        keepalive_timeout=keep_alive_s,
        ttl_dns_cache=30,
    )
    session = aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    )
    return AiohttpTransport(verify=context, trust_env=False, client=session)


async def dial(
    egress: Egress, target: Target, *, encrypted: bool, connect_timeout_s: float
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bool]:
    """
    A socket to ``target`` and whether its address is in a trusted network. Raises NotSent.

    The name is resolved once and the address that was checked is the one that is connected to.
    """
    try:
        async with asyncio.timeout(connect_timeout_s):
            address = await _resolved(egress, target)
            reader, writer = await asyncio.open_connection(
                str(address),
                target.port,
                ssl=_tls() if encrypted else None,
                server_hostname=target.host if encrypted else None,
            )
    except TimeoutError as error:
        raise NotSent("The other system did not answer in time.") from error
    except socket.gaierror as error:
        raise NotSent("The host name could not be resolved.") from error
    except ssl.SSLError as error:
        raise NotSent("A secure connection could not be made.") from error
    except OSError as error:
        raise NotSent("The other system could not be reached.") from error
    except ValueError as error:
        raise NotSent(f"The host {target.host} may not be called: {error}") from error
    return reader, writer, egress.trusts(address)


async def reach(egress: Egress, target: Target, *, connect_timeout_s: float) -> tuple[str, bool]:
    """
    The address behind ``target`` that was checked, for a library that opens its own sockets, and
    whether it is in a trusted network. Raises NotSent.
    """
    try:
        async with asyncio.timeout(connect_timeout_s):
            address = await _resolved(egress, target)
    except TimeoutError as error:
        raise NotSent("The host name could not be resolved in time.") from error
    except socket.gaierror as error:
        raise NotSent("The host name could not be resolved.") from error
    except ValueError as error:
        raise NotSent(f"The host {target.host} may not be called: {error}") from error
    return str(address), egress.trusts(address)


async def _resolved(egress: Egress, target: Target) -> Address:
    """Raises socket.gaierror, and Refused for an address that may not be called."""
    found = await asyncio.get_running_loop().getaddrinfo(
        target.host, target.port, type=socket.SOCK_STREAM
    )
    address = ipaddress.ip_address(str(found[0][4][0]).partition("%")[0])
    egress.check(address, inside_only=target.inside_only)
    return address


def tls() -> ssl.SSLContext:
    """The one context, for protocols that turn to TLS in the middle."""
    return _tls()


class _Connector(aiohttp.TCPConnector):
    """Draws the line between *not sent* and *maybe sent*; nothing waits between here and write."""

    async def connect(
        self, req: ClientRequest, traces: list[Trace], timeout: ClientTimeout
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        try:
            admit(current.get())
        except BaseException:
            connection.release()
            raise
        return connection


def admit(state: Passage) -> None:
    """The last gate before the socket. Raises NotSent past the deadline."""
    if state.write:
        if state.handed:
            # aiohttp repeats PUT and DELETE on a lost connection by itself; we never do.
            raise Unanswered("The connection was lost after the request had been sent.")
        if state.send_by is not None and time.monotonic() >= state.send_by:
            raise NotSent("The time to send this had passed before a connection was free.")
    state.handed = True


def failed(state: Passage, reason: str) -> NotSent | Unanswered:
    return Unanswered(reason) if state.handed else NotSent(reason)


def sentence(error: Exception) -> str:
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
