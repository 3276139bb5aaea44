"""
One conversation with a mail server: RFC 5321, STARTTLS (RFC 3207), AUTH PLAIN (RFC 4954, 4616).

Up to the dot that ends a mail nothing was taken over; from the dot on it may have been. That is
the line between *not sent* and *maybe sent*.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

from connectors import wire
from connectors.contract import Outcome
from connectors.http import Client
from connectors.problem import Problem, carried

_LONGEST_ANSWER: Final = 100


@dataclass(frozen=True, slots=True)
class Answer:
    code: int
    text: str


class Session:
    """``async with Session(client, login=…, password=…) as session``. Raises Problem."""

    def __init__(self, client: Client, *, login: str, password: str, host: str = "console") -> None:
        self._client = client
        self._login = login
        self._password = password
        self._host = host
        self._offers: set[str] = set()
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

    async def deliver(self, *, sender: str, to: str, mail: bytes) -> Answer:
        """Hand one mail over. Raises Problem; the session can be used again unless ``broken``."""
        try:
            _good(await self._ask(f"MAIL FROM:<{sender}>"), 250)
            _good(await self._ask(f"RCPT TO:<{to}>"), 250, 251)
            _good(await self._ask("DATA"), 354)
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
        return _good(answer, 250)

    async def _begin(self) -> None:
        _good(await self._answer(), 220)
        await self._hello()
        encrypted = self._client.scheme == "smtps"
        if not encrypted and "STARTTLS" in self._offers:
            _good(await self._ask("STARTTLS"), 220)
            try:
                await self._writer.start_tls(wire.tls())
            except (OSError, ValueError) as error:
                self.broken = True
                raise Problem(
                    Outcome.AUTH, "tls_refused", "A secure connection could not be made."
                ) from error
            encrypted = True
            await self._hello()
        if not encrypted and not self._trusted:
            raise Problem(
                Outcome.AUTH, "tls_missing",
                "The server offers no encryption; mail is not sent in the open.",
            )  # fmt: skip
        if self._login:
            await self._sign_in()

    async def _hello(self) -> None:
        answer = _good(await self._ask(f"EHLO {self._host}"), 250)
        self._offers = {line.split(" ")[0].upper() for line in answer.text.splitlines()[1:]}

    async def _sign_in(self) -> None:
        proof = base64.b64encode(f"\0{self._login}\0{self._password}".encode()).decode()
        answer = await self._ask(f"AUTH PLAIN {proof}")
        if answer.code != 235:
            raise _problem(answer)

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


def _good(answer: Answer, *codes: int) -> Answer:
    if answer.code in codes:
        return answer
    raise _problem(answer)


def _problem(answer: Answer) -> Problem:
    """4xx: not now. 5xx: never, unless it is about us and not about the mail."""
    said = answer.text.replace("\n", " ")[:300]
    if answer.code in (530, 534, 535, 538, 454, 432):
        reason = f"The mail server does not accept the sign-in: {said}."
        return _of(Outcome.AUTH, "credentials_refused", reason, answer)
    if answer.code in (450, 451, 452):
        reason = f"The mail server puts this off: {said}."
        return _of(Outcome.THROTTLED, "put_off", reason, answer)
    if 400 <= answer.code < 500:
        reason = f"The mail server cannot take mail now: {said}."
        return _of(Outcome.TRANSIENT, "not_now", reason, answer)
    if 500 <= answer.code < 600:
        reason = f"The mail server refuses this mail: {said}."
        return _of(Outcome.REFUSED, "mail_refused", reason, answer)
    reason = f"The mail server answered something unexpected: {answer.code} {said}."
    return _of(Outcome.TRANSIENT, "unexpected", reason, answer)


def _of(outcome: Outcome, code: str, reason: str, answer: Answer) -> Problem:
    return Problem(outcome, code, reason, status=answer.code, excerpt=answer.text[:300])
