"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Cause": {INTERNAL: "path", PII: "sentence"},
    "Case": {
        INTERNAL: "cause_key root_key path blocked_steps owner_team",
        PII: "cause what_happened customer_name subject_label facts resolution",
    },
    "CaseEntry": {PII: "text"},
    "Regrouping": {INTERNAL: "from_key fact to_key", PII: "reason"},
    "Snooze": {INTERNAL: "cause_key at_stake"},
    "SavedView": {PII: "name query"},
    "Correction": {PII: "changes reason"},
    "PlaybookVersion": {INTERNAL: "steps"},
    "RunStep": {PII: "note"},
    "Watch": {},
    "Tally": {INTERNAL: "cause_key owner_team"},
}
