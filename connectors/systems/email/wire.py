"""
One conversation with a mail server: RFC 5321, STARTTLS (RFC 3207), AUTH (``sasl``).

Up to the dot that ends a mail nothing was taken over; from the dot on it may have been. That is
the line between *not sent* and *maybe sent*.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self

from connectors import wire
from connectors.contract import Outcome
from connectors.http import Client
from connectors.problem import Problem, carried
from connectors.systems.email import sasl
from connectors.systems.email.replies import Answer, Step, good
from connectors.systems.email.sasl import Credentials

_LONGEST_ANSWER: Final = 100
# No parameter of ours may hold more than RFC 3461 gives an envelope id.
_LONGEST_ID: Final = 100


class Session:
    """``async with Session(client, credentials) as session``. Raises Problem."""

    def __init__(self, client: Client, credentials: Credentials, *, name: str = "") -> None:
        """``name`` is what we call ourselves; without one it is the address that we speak from."""
        self._client = client
        self._credentials = credentials
        self._name = name
        self._offers: Mapping[str, str] = {}
        self.broken = False

    async def __aenter__(self) -> Self:
        with carried(write=True):
            self._reader, self._writer, self._trusted = await self._client.dial()
        try:
            await self._begin()
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.broken:
            with contextlib.suppress(Problem):
                await self._ask("QUIT")
        await self._close()

    @property
    def encrypted(self) -> bool:
        return self._writer.get_extra_info("ssl_object") is not None

    async def deliver(self, *, sender: str, to: str, mail: bytes, reference: str = "") -> Answer:
        """
        Hand one mail over; ``reference`` comes back in what the server tells the sender of its
        fate, when it does such things. Raises Problem; the session can be used again unless
        ``broken``.
        """
        self._fits(mail)
        try:
            opened = f"MAIL FROM:<{sender}>{self._of_the_mail(mail, reference)}"
            good(await self._ask(opened), Step.SENDER, 250)
            notify = " NOTIFY=FAILURE,DELAY" if "DSN" in self._offers else ""
            good(await self._ask(f"RCPT TO:<{to}>{notify}"), Step.RECIPIENT, 250, 251)
            good(await self._ask("DATA"), Step.CONTENT, 354)
        except Problem:
            if not self.broken:
                with contextlib.suppress(Problem):
                    await self._ask("RSET")
            raise
        send_by = self._client.send_by
        if send_by is not None and time.monotonic() >= send_by:
            # No way back but to hang up: what was begun is dropped without its dot.
            self.broken = True
            raise Problem(Outcome.NOT_SENT, "not_sent", "The time to send this had passed.")
        try:
            stuffed = mail.replace(b"\r\n.", b"\r\n..")
            self._writer.write(stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n")
            self._writer.write(b".\r\n")
            await self._writer.drain()
            answer = await self._answer()
        except Problem as problem:
            self.broken = True
            raise Problem(Outcome.IN_DOUBT, "unanswered", problem.reason) from problem
        except OSError as error:
            self.broken = True
            said = "The connection was lost after the mail had been sent."
            raise Problem(Outcome.IN_DOUBT, "unanswered", said) from error
        return good(answer, Step.CONTENT, 250)

    async def _begin(self) -> None:
        good(await self._answer(), Step.GREETING, 220)
        await self._hello()
        if not self.encrypted and "STARTTLS" in self._offers:
            await self._encrypt()
            await self._hello()
        if not self.encrypted and not self._trusted:
            raise Problem(
                Outcome.AUTH, "tls_missing",
                "The server offers no encryption; mail is not sent in the open.",
            )  # fmt: skip
        if self._credentials.login or self._credentials.token:
            offered = self._offers.get("AUTH", "").upper().split()
            await sasl.sign_in(self._ask, offered, self._credentials)

    async def _hello(self) -> None:
        name = self._name or _literal(self._writer.get_extra_info("sockname"))
        answer = good(await self._ask(f"EHLO {name}"), Step.GREETING, 250)
        # Some servers still write AUTH=PLAIN, as a draft of RFC 2554 did.
        lines = (line.replace("=", " ", 1).partition(" ") for line in answer.text.splitlines()[1:])
        self._offers = {word.upper(): rest for word, _, rest in lines}

    async def _encrypt(self) -> None:
        good(await self._ask("STARTTLS"), Step.ENCRYPTION, 220)
        if await self._spoken():
            # Whoever sits on the line could put words into the encrypted part (RFC 3207 §4.2).
            self.broken = True
            raise Problem(
                Outcome.AUTH, "tls_refused", "The server went on talking before it encrypted."
            )
        try:
            async with asyncio.timeout(self._client.timeout_s):
                await self._writer.start_tls(wire.tls(), server_hostname=self._client.host)
        except TimeoutError as error:
            self.broken = True
            said = "The mail server did not answer in time."
            raise Problem(Outcome.TRANSIENT, "silent", said) from error
        except (ssl.SSLError, ValueError) as error:
            self.broken = True
            raise Problem(
                Outcome.AUTH, "tls_refused",
                "A secure connection could not be made: the certificate or TLS was not accepted.",
            ) from error  # fmt: skip
        except OSError as error:
            self.broken = True
            said = "The connection was lost while it was being encrypted."
            raise Problem(Outcome.TRANSIENT, "lost", said) from error

    async def _spoken(self) -> bool:
        """Whether something is there to be read at once."""
        try:
            async with asyncio.timeout(0):
                return bool(await self._reader.read(1))
        except TimeoutError:
            return False

    def _fits(self, mail: bytes) -> None:
        most = self._offers.get("SIZE", "").strip()
        if most.isdecimal() and 0 < int(most) < len(mail):
            reason = f"The mail has {len(mail)} bytes, and the mail server takes {most}."
            raise Problem(Outcome.REFUSED, "too_large", reason)

    def _of_the_mail(self, mail: bytes, reference: str) -> str:
        """What the server offered to hear of a mail: its size, and how its fate is told."""
        size = f" SIZE={len(mail)}" if "SIZE" in self._offers else ""
        told = f" RET=HDRS ENVID={_xtext(reference)[:_LONGEST_ID]}" if reference else " RET=HDRS"
        return size + (told if "DSN" in self._offers else "")

    async def _ask(self, line: str) -> Answer:
        try:
            self._writer.write(f"{line}\r\n".encode())
            await self._writer.drain()
        except OSError as error:
            self.broken = True
            said = "The connection was lost."
            raise Problem(Outcome.TRANSIENT, "lost", said) from error
        return await self._answer()

    async def _answer(self) -> Answer:
        """All lines of one answer. Raises Problem when it breaks off or is none."""
        lines: list[str] = []
        try:
            async with asyncio.timeout(self._client.timeout_s):
                while len(lines) < _LONGEST_ANSWER:
                    raw = await self._reader.readline()
                    if not raw:
                        raise ConnectionError
                    text = raw.decode("utf-8", "replace").rstrip("\r\n")
                    code, more = text[:3], text[3:4]
                    if not (code.isascii() and code.isdigit()) or more not in ("", " ", "-"):
                        raise ValueError(text)
                    lines.append(text[4:])
                    if more != "-":
                        return Answer(int(code), "\n".join(lines))
            raise ValueError("too long")
        except TimeoutError as error:
            self.broken = True
            said = "The mail server did not answer in time."
            raise Problem(Outcome.TRANSIENT, "silent", said) from error
        except ValueError as error:
            self.broken = True
            said = "The answer was not one of a mail server."
            raise Problem(Outcome.TRANSIENT, "garbled", said) from error
        except OSError as error:
            self.broken = True
            said = "The mail server closed the connection without an answer."
            raise Problem(Outcome.TRANSIENT, "lost", said) from error

    async def _close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(1):
                await self._writer.wait_closed()


def _literal(sockname: tuple[str, int]) -> str:
    """RFC 5321 §4.1.3: a client without a name of its own gives its address."""
    address = ipaddress.ip_address(sockname[0].partition("%")[0])
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"


def _xtext(value: str) -> str:
    """RFC 3461 §4: printable ASCII, with ``+`` and ``=`` written as their codes."""
    return "".join(f"+{ord(one):02X}" if one in "+=" else one for one in value if "!" <= one <= "~")
