"""
Recomputing the chain: what the database's trigger writes, worked out again from the rows.

Pure; docs/verify_audit.py says the same once more for people who trust none of our code.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

ZERO: Final = bytes(32)
VERSION: Final = "v1"


@dataclass(frozen=True, slots=True)
class Link:
    """A row of the trail. ``detail`` and ``salt`` are None when the detail was erased."""

    seq: int
    ts: datetime
    actor: str
    roles: str
    on_behalf: str
    action: str
    kind: str
    reference: str
    entity: str
    correlation_id: str
    request_id: str
    detail: str | None
    salt: bytes | None
    detail_mac: bytes
    prev: bytes
    hash: bytes
    erased_by: int | None


@dataclass(frozen=True, slots=True)
class Broken:
    """The first act that is not as it was written, and how one sees it."""

    seq: int
    why: str


@dataclass(slots=True)
class Walk:
    """Where a walk along the chain stands: the last good link, and what was seen on the way."""

    seq: int
    hash: bytes
    checked: int = 0
    erased: dict[int, int] = field(default_factory=dict)
    broken: Broken | None = None


def instant(ts: datetime) -> str:
    """As it is hashed: ``2026-11-21T09:00:00.123456Z``."""
    return ts.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def hash_of(link: Link) -> bytes:
    """SHA-256 over the fields, each as ``<octets>:<text>,``."""
    fields = (
        VERSION, str(link.seq), instant(link.ts), link.actor, link.roles, link.on_behalf,
        link.action, link.kind, link.reference, link.entity, link.correlation_id, link.request_id,
        link.detail_mac.hex(), link.prev.hex(),
    )  # fmt: skip
    text = b"".join(b"%d:%b," % (len(raw), raw) for raw in (one.encode() for one in fields))
    return hashlib.sha256(text).digest()


def mac_of(salt: bytes, detail: str) -> bytes:
    return hmac.new(salt, detail.encode(), hashlib.sha256).digest()


def follow(walk: Walk, links: Iterable[Link]) -> Walk:
    """Go on along the chain, up to the first act that does not fit."""
    for link in links:
        why = _against(walk, link)
        if why:
            # A gap is the fault of what is missing, not of the act behind it.
            walk.broken = Broken(min(link.seq, walk.seq + 1), why)
            return walk
        walk.seq, walk.hash = link.seq, link.hash
        walk.checked += 1
        if link.erased_by is not None:
            walk.erased[link.seq] = link.erased_by
    return walk


def _against(walk: Walk, link: Link) -> str:
    if link.seq != walk.seq + 1:
        return f"Act {walk.seq + 1} is missing: act {link.seq} comes after act {walk.seq}."
    if link.prev != walk.hash:
        return f"Act {link.seq} does not follow from act {walk.seq}."
    if link.hash != hash_of(link):
        return f"Act {link.seq} is not what was written: its hash does not fit."
    if link.detail is None or link.salt is None:
        return (
            "" if link.erased_by else f"The detail of act {link.seq} is gone, and nobody erased it."
        )
    if not hmac.compare_digest(link.detail_mac, mac_of(link.salt, link.detail)):
        return f"The detail of act {link.seq} is not what was written."
    return ""
