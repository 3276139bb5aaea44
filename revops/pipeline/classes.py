"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Heartbeat": {INTERNAL: "name"},
    "FlowRun": {INTERNAL: "flow checks", PII: "note"},
    "LatePosting": {},
    "StepRun": {INTERNAL: "step record_key waits_for undo_state", PII: "note undo_note"},
}
