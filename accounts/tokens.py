"""
What a service token looks like and what it may ask for.

``rct_<prefix>_<secret>``: the prefix names the token in lists and logs, the secret is 256 random
bits. Only the SHA-256 digest of the whole is kept, which is enough for something that nobody can
guess; a password's slow hash would cost every call.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable
from typing import Final

SCOPES: Final[dict[str, str]] = {
    "events:write": "send business events",
    "usage:write": "send what customers used",
    "read:lineage": "find ids and follow their thread",
    "read:cases": "read cases",
    "read:journals": "read journal entries and how their posting went",
    "read:approvals": "read what waits for approval and what was decided",
    "approvals:decide": "decide as the person who answers for the token, to tier 2",
    "read:metrics": "read measures for monitoring: counts and times, no amounts and no names",
    "read:lookups": "ask for accounts, prices, entitlements, credit standing and invoices",
}

# What the person who answers for a token must be allowed to do themselves; sending reads nothing.
READS: Final[dict[str, str]] = {
    "read:lineage": "lineage.view",
    "read:cases": "cases.view",
    "read:journals": "books.view",
    "read:approvals": "approvals.view",
    "approvals:decide": "approvals.decide",
    "read:lookups": "customers.view",
    "read:metrics": "measures.view",
}

# ``entity:US-INC`` beside the scopes limits a token to one legal entity; several add up.
ENTITY: Final = "entity:"

_PREFIX_BYTES: Final = 5
_ENTITY_FORM: Final = re.compile(r"entity:[A-Za-z0-9_-]{1,24}", re.ASCII)
_FORM: Final = re.compile(r"rct_([0-9a-f]{10})_([A-Za-z0-9_-]{43})", re.ASCII)


def new() -> tuple[str, str]:
    """A fresh token: (prefix, the whole text)."""
    prefix = secrets.token_hex(_PREFIX_BYTES)
    return prefix, f"rct_{prefix}_{secrets.token_urlsafe(32)}"


def prefix_of(text: str) -> str | None:
    """The prefix of what has the form of a token, else None."""
    found = _FORM.fullmatch(text)
    return found[1] if found else None


def is_entity(scope: str) -> bool:
    """Whether this is a limit to a legal entity, and no scope of its own."""
    return _ENTITY_FORM.fullmatch(scope) is not None


def entities_of(scopes: Iterable[str]) -> tuple[str, ...] | None:
    """The codes of the legal entities that a token is limited to; None when it is not."""
    found = tuple(sorted(one.removeprefix(ENTITY) for one in scopes if one.startswith(ENTITY)))
    return found or None


def digest(text: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(text.encode()).hexdigest()


def matches(text: str, kept: str) -> bool:
    """Compares in constant time."""
    return secrets.compare_digest(digest(text).encode(), kept.encode())
