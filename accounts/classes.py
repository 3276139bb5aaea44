"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import CONTACT, INTERNAL, PII, SECRET, Classes

CLASSES: Final[Classes] = {
    "User": {INTERNAL: "theme density numbers", PII: "name", CONTACT: "email", SECRET: "password"},
    "EntityGroup": {INTERNAL: "name entities"},
    "Assignment": {INTERNAL: "role", PII: "reason"},
    "BreakGlass": {INTERNAL: "actions", PII: "reason review"},
    "SamePerson": {PII: "reason end_reason"},
    "ServiceToken": {INTERNAL: "name prefix scopes", SECRET: "digest"},
}
