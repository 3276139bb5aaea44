"""A WSGI application that answers, and one request of which takes longer than anybody waits."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import Any


def application(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/slow":
        print("taken", file=sys.stderr, flush=True)
        time.sleep(60)
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
