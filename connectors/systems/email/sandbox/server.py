"""
The SMTP side: EHLO, AUTH (PLAIN, LOGIN, XOAUTH2), MAIL, RCPT, DATA, RSET, NOOP, QUIT, and what goes
wrong on purpose.

    down           421 as the greeting
    throttle       451 to every mail
    unauthorized   535 to every sign-in, 530 to a mail
    slow           thinks ``seconds`` after the final dot
    garbage        answers that are none of SMTP
    refuse         550 to every recipient
    response_lost  takes a mail and hangs up without a word
    late_commit    hangs up without a word, and takes the mail ``seconds`` later

How a switch is told, ``connectors.sandboxes.faults`` says.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import re
from collections import deque
from typing import Final

from connectors.sandboxes.calls import Background
from connectors.sandboxes.faults import ANY, Faults
from connectors.sandboxes.tokens import Tokens
from connectors.systems.email.sandbox.mails import Mail
from revops.kernel import clock

FAULTS: Final = (
    "down", "throttle", "unauthorized", "slow", "garbage", "refuse", "response_lost",
    "late_commit",
)  # fmt: skip
KEPT: Final = 500
# The largest mail, as EHLO says it.
LARGEST: Final = 512 * 1024
_NEVER: Final = "nobody@refused.example"
_SIZE: Final = re.compile(r"\bSIZE=([0-9]{1,12})\b", re.ASCII)
_BEARER: Final = re.compile("user=([^\x01]*)\x01auth=Bearer ([^\x01]+)\x01\x01")
_ENVID: Final = re.compile(r"\bENVID=(\S+)", re.ASCII)


class Server:
    """``start`` and ``stop`` belong to one event loop."""

    def __init__(self, *, login: str, password: str) -> None:
        self._login = login
        self._password = password
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.faults = Faults(dict.fromkeys(FAULTS, ANY))
        self.mails: deque[Mail] = deque(maxlen=KEPT)
        self.tokens = Tokens("eyJ.")
        self.later = Background()
        self.port = 0

    async def start(self, port: int) -> None:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            for writer in list(self._open):
                writer.close()
            self._server = None
        await self.later.aclose()

    def take(self, mail: Mail) -> None:
        self.mails.append(mail)

    async def take_later(self, mail: Mail, seconds: float) -> None:
        await asyncio.sleep(seconds)
        self.take(mail)

    def reset(self) -> None:
        """No mails and no faults; what is under way is dropped."""
        self.later.drop()
        self.tokens.expire()
        self.faults.clear()
        self.mails.clear()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await _Conversation(self, reader, writer, self._login, self._password).run()
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class _Conversation:
    def __init__(
        self,
        server: Server,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        login: str,
        password: str,
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._proof = (login, password) if login else None
        self._known = not login
        self._sender = self._to = self._reference = ""

    async def run(self) -> None:
        faults = self._server.faults
        if faults.hit("garbage"):
            await self._say("<html>Mail is being maintained</html>")
            return
        if faults.hit("down"):
            await self._say("421 4.3.2 Service not available, closing transmission channel")
            return
        await self._say("220 sandbox ESMTP")
        while line := await self._reader.readline():
            text = line.decode("utf-8", "replace").strip()
            verb, _, rest = text.partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 2.0.0 Bye")
                return
            if verb.upper() == "DATA":
                if not await self._take():
                    return
                continue
            if text.upper() == "AUTH LOGIN":
                rest = await self._asked()
            await self._say(self._answer(verb.upper(), rest))

    def _answer(self, verb: str, rest: str) -> str:
        faults = self._server.faults
        if verb in ("EHLO", "HELO"):
            offered = ("AUTH PLAIN LOGIN XOAUTH2", f"SIZE {LARGEST}", "DSN", "ENHANCEDSTATUSCODES")
            return "".join(f"250-{one}\r\n" for one in ("sandbox", *offered)) + "250 8BITMIME"
        if verb == "AUTH":
            self._known = not faults.hit("unauthorized") and self._proven(rest)
            if self._known:
                return "235 2.7.0 Authentication successful"
            return "535 5.7.8 Authentication credentials invalid"
        if verb in ("NOOP", "RSET"):
            self._sender = self._to = ""
            return "250 2.0.0 Ok"
        if verb == "MAIL":
            if not self._known or faults.hit("unauthorized"):
                return "530 5.7.0 Authentication required"
            if faults.hit("throttle"):
                return "451 4.7.1 Too many messages, try again later"
            size, reference = _SIZE.search(rest), _ENVID.search(rest)
            if size and int(size[1]) > LARGEST:
                return "552 5.3.4 Message size exceeds fixed limit"
            self._sender, self._reference = _box(rest), reference[1] if reference else ""
            return "250 2.1.0 Ok"
        if verb == "RCPT":
            if not self._sender:
                return "503 5.5.1 Need MAIL command"
            self._to = _box(rest)
            if faults.hit("refuse") or self._to == _NEVER:
                self._to = ""
                return "550 5.1.1 User unknown"
            return "250 2.1.5 Ok"
        return "502 5.5.2 Command not recognized"

    async def _take(self) -> bool:
        """Whether the conversation goes on."""
        faults = self._server.faults
        if not self._to:
            await self._say("503 5.5.1 Need RCPT command")
            return True
        await self._say("354 End data with <CR><LF>.<CR><LF>")
        lines: list[bytes] = []
        while (line := await self._reader.readline()) != b".\r\n":
            if not line:
                return False  # it never ended, so it was never taken
            lines.append(line[1:] if line.startswith(b".") else line)
        raw = b"".join(lines)
        taken = Mail(clock.now().isoformat(), self._sender, self._to, raw, self._reference)
        self._sender = self._to = self._reference = ""
        late = faults.hit("late_commit")
        if late is not None:
            self._server.later.start(self._server.take_later(taken, late.seconds))
            return False
        self._server.take(taken)
        await faults.wait()
        if faults.hit("response_lost"):
            return False
        await self._say("250 2.0.0 Ok: queued")
        return True

    async def _asked(self) -> str:
        """Name and password, each asked for, as one proof."""
        given = []
        for question in (b"Username:", b"Password:"):
            await self._say(f"334 {base64.b64encode(question).decode()}")
            given.append(_unsealed((await self._reader.readline()).strip()))
        return "PLAIN " + base64.b64encode(b"\0" + b"\0".join(given)).decode()

    def _proven(self, rest: str) -> bool:
        method, _, proof = rest.partition(" ")
        said = _unsealed(proof.encode()).decode("utf-8", "replace")
        if self._proof is None:
            return False
        if method.upper() == "XOAUTH2":
            found = _BEARER.fullmatch(said)
            return bool(
                found and found[1] == self._proof[0] and self._server.tokens.knows(found[2])
            )
        return method.upper() == "PLAIN" and tuple(said.split("\0")[1:]) == self._proof

    async def _say(self, text: str) -> None:
        self._writer.write(f"{text}\r\n".encode())
        await self._writer.drain()


def _unsealed(line: bytes) -> bytes:
    """Nothing for what is no base64: it proves nothing."""
    try:
        return base64.b64decode(line, validate=True)
    except binascii.Error:
        return b""


def _box(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]
