"""
Sealing secrets at rest: AES-256-GCM, each under a key of its own, which is wrapped by a key that
lives outside the database (an envelope).

``settings.REVOPS_ENCRYPTION_KEYS`` holds one or more Fernet-style keys (32 bytes, URL-safe
base64), the newest first: the newest wraps, any of them opens, so a key is rotated by putting a new
one in front, calling ``operations.reseal_secrets`` and then dropping the old one. That wraps the
secrets' own keys anew, and decrypts no secret.

A sealed value is ``version(1) · key id(8) · nonce(12) · wrapped key(48) · nonce(12) · ciphertext``.
The *context* (which connection, which field) is authenticated with both: a row copied to another
connection or another field does not open. Values of the first version (``version · key id · nonce ·
ciphertext``, under the outer key itself) open, too, and become envelopes when they are resealed.
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

_VERSION: Final = b"\x02"
_FIRST_VERSION: Final = b"\x01"
_ID_BYTES: Final = 8
_NONCE_BYTES: Final = 12
_HEAD: Final = 1 + _ID_BYTES
_OWN_KEY_BYTES: Final = 32
# Nonce, the key, and the tag that proves it.
_WRAPPED: Final = _NONCE_BYTES + _OWN_KEY_BYTES + 16
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
    """
    Encrypt under a key of its own, wrapped by the newest key. Raises ImproperlyConfigured when
    there is no usable key.
    """
    own = os.urandom(_OWN_KEY_BYTES)
    nonce = os.urandom(_NONCE_BYTES)
    body = AESGCM(own).encrypt(nonce, text.encode(), _VERSION + context.encode())
    return _wrapped(own, context) + nonce + body


def reseal(sealed: bytes | memoryview[int], *, context: str) -> bytes:
    """
    The same value with its own key wrapped by the newest key. Raises SecretUnreadable and
    ImproperlyConfigured as ``open_`` does.
    """
    raw = bytes(sealed)
    if raw[:1] == _FIRST_VERSION:
        return seal(open_(raw, context=context), context=context)
    return _wrapped(_own_key(raw, context), context) + raw[_HEAD + _WRAPPED :]


def open_(sealed: bytes | memoryview[int], *, context: str) -> str:
    """
    The sealed text. Raises SecretUnreadable, whose message never carries any of the value, and
    ImproperlyConfigured when there is no usable key.
    """
    raw = bytes(sealed)
    if raw[:1] == _FIRST_VERSION:
        return _text(_outer(raw, context).cipher, raw[_HEAD:], raw[:_HEAD], context)
    return _text(AESGCM(_own_key(raw, context)), raw[_HEAD + _WRAPPED :], _VERSION, context)


def _wrapped(own: bytes, context: str) -> bytes:
    """Version, id of the newest key, and a value's own key under it."""
    key = _keys()[0]
    head, nonce = _VERSION + key.id, os.urandom(_NONCE_BYTES)
    return head + nonce + key.cipher.encrypt(nonce, own, head + context.encode())


def _own_key(raw: bytes, context: str) -> bytes:
    wrapped = raw[_HEAD : _HEAD + _WRAPPED]
    return _opened(_outer(raw, context).cipher, wrapped, raw[:_HEAD], context)


def _outer(raw: bytes, context: str) -> _Key:
    known = raw[:1] in (_VERSION, _FIRST_VERSION)
    key = next((key for key in _keys() if known and key.id == raw[1:_HEAD]), None)
    if key is None:
        raise SecretUnreadable(f"No configured key opens the secret of {context}.")
    return key


def _text(cipher: AESGCM, boxed: bytes, head: bytes, context: str) -> str:
    try:
        return _opened(cipher, boxed, head, context).decode()
    except ValueError:
        raise SecretUnreadable(f"The secret of {context} is no text.") from None


def _opened(cipher: AESGCM, boxed: bytes, head: bytes, context: str) -> bytes:
    """``boxed`` is a nonce and what was encrypted with it."""
    try:
        return cipher.decrypt(boxed[:_NONCE_BYTES], boxed[_NONCE_BYTES:], head + context.encode())
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
    """Whether resealing would change nothing but nonces."""
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
