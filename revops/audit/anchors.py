"""
Anchors: what the trail was at a moment, signed, in files outside of the database.

Who owns the database can write a whole new chain that fits. They cannot make it fit a signed file
that they cannot write, or sign one without the key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_KEY_BYTES: Final = 32
PUBLIC_KEY_FILE: Final = "public-key.txt"


class AnchorUnreadable(ValueError):
    """The file is not an anchor that the key signed; the message says why."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """Up to act ``seq`` there were ``count`` acts, and the last hash was ``hash`` (hex)."""

    seq: int
    hash: str
    count: int
    at: datetime

    def text(self) -> bytes:
        """What is signed."""
        at = self.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"revops-audit-anchor:v1:{self.seq}:{self.hash}:{self.count}:{at}".encode()

    @property
    def name(self) -> str:
        return f"anchor-{self.seq:012d}-{self.at.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"


def private_key() -> Ed25519PrivateKey:
    """From ``REVOPS_AUDIT_KEY``: 32 bytes in base64. Raises ImproperlyConfigured."""
    try:
        raw = base64.b64decode(settings.REVOPS_AUDIT_KEY, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImproperlyConfigured("REVOPS_AUDIT_KEY is not base64.") from error
    if len(raw) != _KEY_BYTES:
        raise ImproperlyConfigured("REVOPS_AUDIT_KEY needs 32 bytes in base64: it signs anchors.")
    return Ed25519PrivateKey.from_private_bytes(raw)


def public_key(text: str = "") -> Ed25519PublicKey:
    """From its base64, else that of our own key. Raises ImproperlyConfigured."""
    if not text:
        return private_key().public_key()
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except ValueError as error:
        raise ImproperlyConfigured("The public key is 32 bytes in base64.") from error


def as_text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def write(folder: Path, anchor: Anchor) -> Path:
    """Sign an anchor and keep it, never over another one. The public key is put beside it once."""
    key = private_key()
    public = as_text(key.public_key())
    folder.mkdir(parents=True, exist_ok=True)
    held = {
        "version": 1,
        "seq": anchor.seq,
        "hash": anchor.hash,
        "count": anchor.count,
        "at": anchor.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "key": hashlib.sha256(public.encode()).hexdigest()[:16],
        "signature": base64.b64encode(key.sign(anchor.text())).decode(),
    }
    path = folder / anchor.name
    _write_new(path, json.dumps(held, indent=1) + "\n")
    if not (folder / PUBLIC_KEY_FILE).exists():
        _write_new(folder / PUBLIC_KEY_FILE, public + "\n")
    return path


def read(path: Path, key: Ed25519PublicKey) -> Anchor:
    """Raises AnchorUnreadable."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        anchor = Anchor(
            int(held["seq"]), str(held["hash"]), int(held["count"]),
            datetime.strptime(held["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC),
        )  # fmt: skip
        key.verify(base64.b64decode(held["signature"]), anchor.text())
    except InvalidSignature as error:
        raise AnchorUnreadable(f"{path.name} was not signed with our key.") from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AnchorUnreadable(f"{path.name} cannot be read.") from error
    return anchor


def files(folder: Path) -> list[Path]:
    """All anchors, the oldest first."""
    return sorted(folder.glob("anchor-*.json"))


def _write_new(path: Path, text: str) -> None:
    """Whole or not at all: a name that exists is left as it is (FileExistsError)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
