"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, PII, SECRET, Classes

CLASSES: Final[Classes] = {
    "User": {INTERNAL: "theme density numbers", PII: "email name", SECRET: "password"},
    "EntityGroup": {INTERNAL: "name entities"},
    "Assignment": {INTERNAL: "role", PII: "reason"},
    "BreakGlass": {INTERNAL: "actions", PII: "reason review"},
    "ServiceToken": {INTERNAL: "name prefix scopes", SECRET: "digest"},
}
