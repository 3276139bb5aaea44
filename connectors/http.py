"""
How connectors call other systems: one client with a deadline, a byte cap and a guard.

Two exceptions carry what matters for money: ``NotSent`` is proof that no byte of the request left
us, ``Unanswered`` means the peer may have acted. Never call inside a database transaction.
"""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlencode

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from connectors import bodies, excerpts, wire
from connectors.egress import LOOPBACK, Egress, Network, Refused
from connectors.passes import Keeper, SignIns
from connectors.wire import NotSent, Unanswered
from revops.kernel import correlation, strict_json

if TYPE_CHECKING:
    from connectors.manifest import Manifest

__all__ = ["Answer", "Client", "NotSent", "Unanswered"]

BYTE_CAP: Final = 5 * 1024 * 1024
USER_AGENT: Final = "RevOps-Console/1"
_READS: Final = frozenset(("GET", "HEAD"))

Pairs = Mapping[str, Any] | Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of any status; header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Raises contract.PayloadUnreadable when the body is not acceptable JSON."""
        return bodies.read(self.body, max_bytes=BYTE_CAP)

    def excerpt(self, limit: int = 500) -> str:
        """The body's beginning as text that can be stored and shown."""
        return strict_json.storable(self.body[: limit * 4].decode("utf-8", "replace"))[0][:limit]


class Client:
    """
    Calls one system. Use as ``async with Client(...) as client`` within one event loop; any
    number of calls may run at once and share its kept-alive connections.

    ``send_by`` (``time.monotonic()``) holds for every non-GET: past it nothing is sent and
    NotSent is raised. ``until`` gives a view with its own deadline.
    """

    send_by: float | None
    sign_ins: SignIns

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
        keeper: Keeper | None = None,
    ) -> None:
        """
        ``hosts``: the manifest's templates. ``allow_loopback`` for sandboxes and development only;
        ``inside``: networks that the operator trusts. ``keep_alive_s`` is kept below the usual
        server's, so that a call seldom meets a closing connection and becomes in doubt.
        ``transport`` replaces the network, for tests against an ASGI application. ``keeper``
        remembers access tokens beyond this client (``signing_in``).

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
        self._transport = self._given = transport
        self._own = transport is None
        self.send_by = None
        self.sign_ins = SignIns(keeper)

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

    def elsewhere(self, base_url: str, *, hosts: Sequence[str]) -> Client:
        """
        A client for another address of the same system, such as the one where it signs us in, with
        this one's limits and deadline. Enter it. Raises NotSent when the address is not allowed.
        """
        other = Client(
            base_url,
            hosts=hosts,
            inside=self._egress.inside,
            connect_timeout_s=self._connect_timeout_s,
            read_timeout_s=self._extensions["timeout"]["read"],
            timeout_s=self._timeout_s,
            connections=1,
            byte_cap=self._byte_cap,
            transport=self._given,
        )
        other.send_by = self.send_by
        return other

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
        state = wire.Passage(write=method not in _READS, send_by=self.send_by)
        request = self._request(method, path, headers, params, json, form, content)
        if self._transport is None:
            self._transport = self._open()
        if not isinstance(self._transport, AiohttpTransport):
            wire.admit(state)
        token = wire.current.set(state)
        began, answer = time.monotonic(), None
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = await self._exchange(request)
                return answer
        except (NotSent, Unanswered):
            raise
        except TimeoutError as error:
            raise wire.failed(state, "The other system did not answer in time.") from error
        except (httpx.HTTPError, aiohttp.ClientError, OSError, ValueError) as error:
            raise wire.failed(state, wire.sentence(error)) from error
        finally:
            wire.current.reset(token)
            excerpts.hear(
                method, path if params is None else f"{path}?{urlencode(params, doseq=True)}",
                request.content if json is None else json,
                (answer.status, answer.headers, answer.body) if answer else None,
                took_ms=int((time.monotonic() - began) * 1000), form=form is not None,
            )  # fmt: skip

    @property
    def scheme(self) -> str:
        """Of the base URL: ``https``, ``http``, ``smtp`` or ``smtps``."""
        return self._target.scheme

    @property
    def timeout_s(self) -> float:
        """How long one exchange may take."""
        return self._timeout_s

    async def dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bool]:
        """
        A connection of its own, for a protocol that is not HTTP: encrypted for ``smtps``, plain
        otherwise. The third says whether it leads into a network that the operator trusts, where
        plain text may be spoken. The caller closes it and keeps its own deadlines.

        Raises NotSent.
        """
        if self.send_by is not None and time.monotonic() >= self.send_by:
            raise NotSent("The time to send this had passed before a connection was made.")
        return await wire.dial(
            self._egress,
            self._target,
            encrypted=self._target.scheme == "smtps",
            connect_timeout_s=self._connect_timeout_s,
        )

    async def reach(self) -> tuple[str, int, bool]:
        """
        The checked address and port behind the base URL, for a library that opens its own sockets,
        and whether it is in a network that the operator trusts. Raises NotSent.
        """
        if self.send_by is not None and time.monotonic() >= self.send_by:
            raise NotSent("The time to send this had passed before a connection was made.")
        address, trusted = await wire.reach(
            self._egress, self._target, connect_timeout_s=self._connect_timeout_s
        )
        return address, self._target.port, trusted

    @property
    def host(self) -> str:
        """The name of the host, which its certificate has to be of."""
        return self._target.host

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
        if not self._target.scheme.startswith("http"):
            raise NotSent("The address is not one of HTTP.")
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
        return wire.transport(
            self._egress,
            self._target,
            connections=self._connections,
            keep_alive_s=self._keep_alive_s,
        )
