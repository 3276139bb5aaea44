"""
What is signed, and how a set of rows becomes one digest. Pure.

Canonical JSON: UTF-8, keys in order, no spaces, no escapes that JSON does not ask for. The digest
of a set is the SHA-256 of its lines in the order of their bytes, each ended by a line feed: the
order in which rows were read does not matter, and ``LC_ALL=C sort lines | sha256sum`` gives it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

FORMAT: Final = "revops-certificate:v1"


class CertificateUnreadable(ValueError):
    """The file is no certificate of this format; the message says what is missing."""


class CertificateForged(ValueError):
    """The file is not as it was signed, or not by this key; the message says which."""


def canonical(value: Any) -> str:
    """One text for equal values. Amounts and counts are integers; there are no fractions."""
    return json.dumps(
        value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )


def digest(value: Any) -> str:
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def digest_of_set(lines: Iterable[str]) -> str:
    """Of few lines; many come in their order from the database (``evidence.ordered``)."""
    ordered = sorted(line.encode() for line in lines)
    return hashlib.sha256(b"".join(line + b"\n" for line in ordered)).hexdigest()


def signed_text(body: str) -> bytes:
    """What the signature is of."""
    return f"{FORMAT}:".encode() + body.encode()


def sign(body: str, key: Ed25519PrivateKey) -> str:
    return base64.b64encode(key.sign(signed_text(body))).decode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A file that holds: its body as text and as data, and the name of its key."""

    text: str
    body: Mapping[str, Any]
    key: str


def file_of(body: str, *, signature: str, key: str, public_key: str) -> str:
    """The file that people keep: the body as data, so that it can be read, beside its signature."""
    held = {
        "certificate": json.loads(body), "format": FORMAT, "key": key, "public_key": public_key,
        "signature": signature,
    }  # fmt: skip
    return json.dumps(held, sort_keys=True, ensure_ascii=False, indent=1) + "\n"


def opened(text: str, key: Ed25519PublicKey) -> Sealed:
    """
    A file that was signed with ``key`` and is as it was. Raises CertificateUnreadable,
    CertificateForged.
    """
    try:
        held = json.loads(text)
        told, signature = held["certificate"], base64.b64decode(held["signature"], validate=True)
        named = str(held["key"])
        known = held["format"] == FORMAT and isinstance(told, dict)
        evidence, evidence_digest = told["evidence"], told["evidence_sha256"]
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
        raise CertificateUnreadable(f"It is no certificate of {FORMAT}.") from error
    if not known:
        raise CertificateUnreadable(f"It is no certificate of {FORMAT}.")
    body = canonical(told)
    try:
        key.verify(signature, signed_text(body))
    except InvalidSignature as error:
        raise CertificateForged("It is not as it was signed, or another key signed it.") from error
    if digest(evidence) != evidence_digest:
        raise CertificateForged("Its evidence does not fit its own digest.")
    return Sealed(body, told, named)
