"""
A bad network between a source and the console's door: deliveries come twice, late, or never.

It verifies nothing and changes nothing: bodies and signatures go on as they came. The sender is
always told that all is well, so that nothing comes again unless we make it.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

import httpx

REPEAT_EVERY: Final = 3
DROP_ONE_OF: Final = 10
WINDOW: Final = 16
PATIENCE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Delivery:
    """``number`` counts from 1 in the order of arrival."""

    number: int
    body: bytes
    headers: dict[str, str]
    repeat: bool = False


@dataclass(slots=True)
class Counts:
    """``received`` from the source; the others say what became of them on the way."""

    received: int = 0
    dropped: int = 0
    repeated: int = 0
    posted: int = 0
    overtaken: int = 0
    refused: list[str] = field(default_factory=list)


class Door(ThreadingHTTPServer):
    """Holds a burst: beyond the usual five, callers are never heard on a slow machine."""

    request_queue_size = 512


class Relay:
    """
    Posts to ``target``. Every third delivery is posted twice, one of each ten never, and the order
    is shuffled among those that wait; a repeat waits with the next ones. The same seed drops the
    same numbers.
    """

    def __init__(self, target: str, *, seed: int) -> None:
        self.counts = Counts()
        self._target = target
        self._random = random.Random(seed)
        self._drops: set[int] = set()
        self._waiting: list[Delivery] = []
        self._lock = threading.Lock()
        self._latest = time.monotonic()
        self._busy = False
        self._stop = threading.Event()
        self._server = Door(("127.0.0.1", 0), _handler(self))
        self._threads = (
            threading.Thread(target=self._server.serve_forever, daemon=True),
            threading.Thread(target=self._forward, daemon=True),
        )

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/"

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(10)

    @property
    def latest(self) -> float:
        """When the last delivery came, or the relay was made, by the monotonic clock."""
        with self._lock:
            return self._latest

    def idle(self) -> bool:
        """Everything that was received and not dropped has been posted."""
        with self._lock:
            return not self._waiting and not self._busy

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        with self._lock:
            self.counts.received += 1
            number = self.counts.received
            if number % DROP_ONE_OF == 1:
                self._drops.add(number + self._random.randrange(DROP_ONE_OF))
            self._latest = time.monotonic()
            if number in self._drops:
                self.counts.dropped += 1
            else:
                self._waiting.append(Delivery(number, body, headers))

    def _forward(self) -> None:
        highest = 0
        with httpx.Client(timeout=30) as client:
            while not self._stop.wait(0.02):
                for delivery in self._next():
                    self._post(client, delivery)
                    if not delivery.repeat:
                        self.counts.overtaken += delivery.number < highest
                        highest = max(highest, delivery.number)
                self._busy = False

    def _next(self) -> list[Delivery]:
        """What goes now, in a new order; its repeats wait for the next time."""
        with self._lock:
            waited = time.monotonic() - self._latest
            if len(self._waiting) < WINDOW and waited < PATIENCE_S:
                return []
            going = self._waiting
            self._waiting = [
                replace(item, repeat=True)
                for item in going
                if item.number % REPEAT_EVERY == 0 and not item.repeat
            ]
            self.counts.repeated += len(self._waiting)
            self._busy = bool(going)
        self._random.shuffle(going)
        return going

    def _post(self, client: httpx.Client, delivery: Delivery) -> None:
        try:
            answer = client.post(self._target, content=delivery.body, headers=delivery.headers)
        except httpx.HTTPError as error:
            self.counts.refused.append(repr(error))
            return
        self.counts.posted += 1
        if answer.status_code != 200:
            self.counts.refused.append(f"{answer.status_code} {answer.text[:200]}")


def _handler(relay: Relay) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept = ("content-type", "stripe-signature")
            relay.take(body, {name: self.headers[name] for name in kept if name in self.headers})
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Nothing is written to the terminal."""

    return Handler
