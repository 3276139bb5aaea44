"""
Sealing secrets at rest: AES-256-GCM under keys that live outside the database.

``settings.REVOPS_ENCRYPTION_KEYS`` holds one or more Fernet-style keys (32 bytes, URL-safe
base64), the newest first: the newest seals, any of them opens, so a key is rotated by putting a new
one in front, calling ``operations.reseal_secrets`` and then dropping the old one.

A sealed value is ``version(1) · key id(8) · nonce(12) · ciphertext``. The *context* (which
connection, which field) is authenticated with it: a row copied to another connection or another
field does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from functools import lru_cache
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_VERSION: Final = b"\x01"
_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEAD: Final = 1 + _ID_BYTES
_PURPOSE: Final = b"revops-console connection secrets v1"
_LOOKUP: Final = b"revops-console digests to find by v1"


class SecretUnreadable(Exception):
    """No configured key opens this value, or it belongs to another context."""


class _Key(NamedTuple):
    id: bytes
    cipher: AESGCM
    lookup: bytes

    def __repr__(self) -> str:
        return f"key {self.id.hex()}"


def context_of(connection_id: int, name: str) -> str:
    """What a secret of a connection is bound to."""
    return f"connection:{connection_id}:{name}"


def seal(text: str, *, context: str) -> bytes:
    """Encrypt under the newest key. Raises ImproperlyConfigured when there is no usable key."""
    key = _keys()[0]
    nonce = os.urandom(_NONCE_BYTES)
    head = _VERSION + key.id
    return head + nonce + key.cipher.encrypt(nonce, text.encode(), head + context.encode())


def open_(sealed: bytes | memoryview[int], *, context: str) -> str:
    """
    The sealed text. Raises SecretUnreadable, whose message never carries any of the value, and
    ImproperlyConfigured when there is no usable key.
    """
    raw = bytes(sealed)
    head, nonce, body = raw[:_HEAD], raw[_HEAD : _HEAD + _NONCE_BYTES], raw[_HEAD + _NONCE_BYTES :]
    key = next((key for key in _keys() if _VERSION + key.id == head), None)
    if key is None:
        raise SecretUnreadable(f"No configured key opens the secret of {context}.")
    try:
        return key.cipher.decrypt(nonce, body, head + context.encode()).decode()
    except (InvalidTag, ValueError):
        # The cause would show the ciphertext's frame; it adds nothing that helps.
        raise SecretUnreadable(f"The secret of {context} was changed or moved.") from None


def digest(text: str) -> str:
    """
    A keyed digest (hex) to find something by without keeping it: what was hashed cannot be guessed
    from it without the keys. Another newest key gives another digest.
    """
    return hmac.new(_keys()[0].lookup, text.encode(), hashlib.sha256).hexdigest()


def sealed_by_newest(sealed: bytes | memoryview[int]) -> bool:
    """Whether resealing would change the key."""
    return bytes(sealed)[:_HEAD] == _VERSION + _keys()[0].id


def _keys() -> tuple[_Key, ...]:
    return _derive(tuple(settings.REVOPS_ENCRYPTION_KEYS))


@lru_cache(maxsize=8)
def _derive(texts: tuple[str, ...]) -> tuple[_Key, ...]:
    if not texts:
        raise ImproperlyConfigured("REVOPS_ENCRYPTION_KEYS is empty: connection secrets need it.")
    return tuple(_key(place, text) for place, text in enumerate(texts, start=1))


def _key(place: int, text: str) -> _Key:
    try:
        material = base64.b64decode(text.strip(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != 32:
        raise ImproperlyConfigured(
            f"Key {place} of REVOPS_ENCRYPTION_KEYS is not 32 bytes in URL-safe base64."
        )
    derived, lookup = (
        HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(material)
        for purpose in (_PURPOSE, _LOOKUP)
    )
    return _Key(hashlib.sha256(derived).digest()[:_ID_BYTES], AESGCM(derived), lookup)
