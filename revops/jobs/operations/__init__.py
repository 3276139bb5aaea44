"""Drafting, starting and stopping jobs (people), and doing their next slice (workers)."""

from __future__ import annotations

from revops.jobs.operations.advancing import advance
from revops.jobs.operations.drafting import MOST, draft
from revops.jobs.operations.steering import (
    JobRefused,
    drop,
    release,
    retry_failed,
    start,
    stop,
    undo,
)

__all__ = [
    "MOST",
    "JobRefused",
    "advance",
    "draft",
    "drop",
    "release",
    "retry_failed",
    "start",
    "stop",
    "undo",
]
