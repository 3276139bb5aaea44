"""What each field of this app holds (revops/kernel/privacy.py)."""

from __future__ import annotations

from typing import Final

from revops.kernel.privacy import INTERNAL, SECRET, Classes

CLASSES: Final[Classes] = {
    "Connection": {
        INTERNAL: "connector label base_url account parameters public_id control_url agreed_url",
    },
    "Secret": {INTERNAL: "name ending", SECRET: "ciphertext"},
    "AccessToken": {INTERNAL: "place failure", SECRET: "ciphertext"},
    "SchemaDrift": {INTERNAL: "object_kind path change known seen example accepted_by"},
}
