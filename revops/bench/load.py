"""
A load of signed webhooks over keep-alive connections, cheap enough not to be what is measured.

Requests are bytes made beforehand; answers are read only as far as their status.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answered:
    """One request: when it was sent, how long until its answer (seconds), and its status."""

    sent: float
    took: float
    status: int


async def burst(port: int, requests: Sequence[bytes], *, connections: int) -> list[Answered]:
    """Closed loop: every connection sends its next request when the answer is there."""
    queue = iter(requests)
    answered: list[Answered] = []

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in queue:
            answered.append(await _ask(reader, writer, request))
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    return answered


async def paced(port: int, requests: Sequence[bytes], *, per_second: float) -> list[Answered]:
    """Open loop: a request at every tick, whether or not earlier ones are answered."""
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    answered: list[Answered] = []
    started = time.perf_counter()

    async def one(request: bytes) -> None:
        pair = free.pop() if free else await asyncio.open_connection("127.0.0.1", port)
        answered.append(await _ask(*pair, request))
        free.append(pair)

    tasks = []
    for index, request in enumerate(requests):
        delay = started + index / per_second - time.perf_counter()
        if delay > 0:
            await asyncio.sleep(delay)
        tasks.append(asyncio.create_task(one(request)))
    await asyncio.gather(*tasks)
    for _, writer in free:
        writer.close()
    return answered


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> Answered:
    sent = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    if length:
        await reader.readexactly(length)
    return Answered(sent, time.perf_counter() - sent, status)


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of one POST on a kept-alive connection."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
