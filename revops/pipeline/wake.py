"""
Wake-ups: a hint through the broker that something is due. Losing one costs latency, nothing else.

A hint is sent at most once an interval for each connection and process, because a worker that is
awake keeps looking for a while; and not at all for some seconds after the broker did not answer.
"""

from __future__ import annotations

import time
from typing import Final

import structlog

log = structlog.get_logger(__name__)

INTERVAL: Final = 0.2
SULK: Final = 5.0

_sent: dict[tuple[str, int], float] = {}
_silent_until = 0.0


def line(connection_id: int) -> None:
    """Something was stored in the inbox of this connection."""
    _hint("revops.pipeline.tasks.advance", connection_id)


def delivery(connection_id: int) -> None:
    """A command is due for this connection."""
    _hint("revops.pipeline.tasks.drain", connection_id)


def usage() -> None:
    """Usage was stored, or has to be looked at again, whatever connection it came from."""
    _hint("revops.pipeline.tasks.meter", 0)


def forget() -> None:
    """Hint again at once; for drills that bring a broker back."""
    global _silent_until
    _sent.clear()
    _silent_until = 0.0


def _hint(task: str, connection_id: int) -> None:
    global _silent_until
    now = time.monotonic()
    if now < _silent_until or now - _sent.get((task, connection_id), 0.0) < INTERVAL:
        return
    _sent[task, connection_id] = now
    from revops.pipeline.broker import app  # the web pays for Celery only when it first hints

    try:
        app.send_task(task, args=(connection_id,), retry=False)
    except Exception as error:
        # Whatever the broker's client raises: what matters is stored, the sweeper finds it.
        _silent_until = now + SULK
        log.warning("wake.broker_silent", error=type(error).__name__)
