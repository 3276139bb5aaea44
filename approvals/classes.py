"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "Policy": {INTERNAL: "reason made_by", PII: "note"},
    "Tier": {INTERNAL: "steps escalate_to"},
    "ApprovalRequest": {INTERNAL: "tier_why", PII: "title content note outcome"},
    "Step": {INTERNAL: "roles escalate_to"},
    "Decision": {INTERNAL: "verdict", PII: "reason"},
    "Maker": {PII: "why"},
    "Edition": {PII: "content"},
    "Comment": {PII: "text"},
    "Delegation": {PII: "reason"},
}
