"""
Named points at which a drill may kill the process: ``REVOPS_CRASH_AT=after_intent``.

Nothing happens unless the variable is set and the drill's marker file is absent; the point leaves
the marker, so that the process that takes over lives.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path


def point(name: str) -> None:
    """Kill this process here, once, when the drill says so."""
    if os.environ.get("REVOPS_CRASH_AT") != name:
        return
    marker = Path(os.environ["REVOPS_CRASH_MARKER"])
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
