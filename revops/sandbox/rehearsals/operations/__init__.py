"""Starting and stopping a rehearsal, counting again (people), and its next step (workers)."""

from __future__ import annotations

from revops.sandbox.rehearsals.operations.advancing import advance
from revops.sandbox.rehearsals.operations.counting import conclude
from revops.sandbox.rehearsals.operations.steering import (
    RehearsalRefused,
    count_again,
    start,
    stop,
)

__all__ = ["RehearsalRefused", "advance", "conclude", "count_again", "start", "stop"]
