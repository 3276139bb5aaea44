"""Idempotency keys: business identity and revision, never an event id, a time or an amount."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final

PREFIX: Final = "rc1-"


def idempotency_key(
    *, lane: str, legal_entity: str, document_type: str, business_key: str, revision: int
) -> str:
    """
    ``rc1-`` and 32 lower-case base32 characters: only ``[a-z0-9-]``, which every ERP's external
    id alphabet known to us admits (NetSuite's is the narrowest).

    Distinct identities give distinct keys whatever characters they hold: the parts are quoted, so
    that ``a|b`` and ``c`` are not ``a`` and ``b|c``.
    """
    identity = json.dumps([lane, legal_entity, document_type, business_key, revision])
    digest = hashlib.sha256(identity.encode()).digest()
    return PREFIX + base64.b32encode(digest).decode("ascii").lower()[:32]


def sha256(text: str | bytes) -> str:
    """Hex digest of a payload, for comparing content."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()
