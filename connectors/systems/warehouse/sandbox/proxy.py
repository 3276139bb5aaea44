"""
Passes bytes to PostgreSQL and back, and breaks what it is told to break.

It understands three things of the protocol: an error that a client is told before it signs in, the
message that ends a transaction, and that what follows it is the answer.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from connectors.sandboxes.faults import ANY, Faults

FAULTS: Final = ("down", "throttle", "unauthorized", "slow", "garbage", "response_lost")
_COMMIT: Final = b"Q\x00\x00\x00\x0bCOMMIT\x00"
_READ: Final = 65536


def _refusal(code: str, text: str) -> bytes:
    fields = f"SFATAL\0VFATAL\0C{code}\0M{text}\0\0".encode()
    return b"E" + (len(fields) + 4).to_bytes(4, "big") + fields


class Proxy:
    """``server`` is (folder of a socket or host, port)."""

    def __init__(self, server: tuple[str, int]) -> None:
        self._server = server
        self._listening: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self.faults = Faults(dict.fromkeys(FAULTS, ANY))
        self.port = 0

    async def start(self, port: int) -> None:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._listening is not None:
            self._listening.close()
        for writer in [*self._open]:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            await self._play(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.faults.hit("down"):
            return
        first = await reader.read(_READ)
        if self.faults.hit("garbage"):
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n<html>")
            return
        for fault, code, text in (
            ("throttle", "53300", "sorry, too many clients already"),
            ("unauthorized", "28P01", "password authentication failed"),
        ):
            if self.faults.hit(fault):
                if first[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):  # asks for encryption
                    writer.write(b"N")
                    await reader.read(_READ)
                writer.write(_refusal(code, text))
                return
        host, port = self._server
        there = (
            await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
            if host.startswith("/")
            else await asyncio.open_connection(host, port)
        )
        there[1].write(first)
        lost = asyncio.Event()
        ways = [
            asyncio.create_task(self._up(reader, there[1], lost)),
            asyncio.create_task(self._down(there[0], writer, lost)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await way
            there[1].close()

    async def _up(
        self, reader: asyncio.StreamReader, there: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while data := await reader.read(_READ):
            await self.faults.wait()
            if data.endswith(_COMMIT) and self.faults.hit("response_lost"):
                lost.set()
            there.write(data)
            await there.drain()

    async def _down(
        self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while data := await there.read(_READ):
            if lost.is_set():
                return  # it was done, and nobody hears of it
            writer.write(data)
            await writer.drain()
