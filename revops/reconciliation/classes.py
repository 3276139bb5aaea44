"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, Classes

CLASSES: Final[Classes] = {
    "RuleVersion": {INTERNAL: "check_slug approval", PII: "note"},
    "Rule": {INTERNAL: "strength shape keys", PII: "name reason"},
    "Pair": {INTERNAL: "check_slug"},
    "Load": {INTERNAL: "totals by", PII: "error"},
    "Holding": {INTERNAL: "number group_key accounts", PII: "reference party before"},
    "Match": {INTERNAL: "approval", PII: "reason note released_why"},
    "MatchItem": {INTERNAL: "side item_key"},
    "Draft": {INTERNAL: "left right"},
    "Refusal": {INTERNAL: "left right rows"},
    "Run": {INTERNAL: "figures evidence by", PII: "error"},
    "Break": {
        INTERNAL: "key left_key right_key proposal", PII: "left right reason settled_why"
    },
    "Footing": {INTERNAL: "totals"},
    "Kept": {INTERNAL: "side items keys amounts folds"},
    "SignOff": {INTERNAL: "role figures_sha256", PII: "note suspended_why"},
}  # fmt: skip
