"""Somebody who listens at a real port and keeps what is posted there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Call:
    """Header names are in lower case."""

    body: bytes
    headers: dict[str, str]


@dataclass(slots=True)
class Ear:
    """``calls`` that came to ``url`` and nobody has taken; each was answered with 200."""

    url: str
    calls: list[Call]

    def taken(self) -> list[Call]:
        found, self.calls[:] = [*self.calls], []
        return found


@contextmanager
def listening() -> Iterator[Ear]:
    calls: list[Call] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            calls.append(Call(body, headers))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Tests say what they saw."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Ear(f"http://127.0.0.1:{server.server_address[1]}/hook", calls)
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
