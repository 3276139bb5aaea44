"""
Our names in fields that are short and in capitals, as codes of ERPs are: none of them is lost.

A key is ``rc1-`` and 32 lower-case characters of base32; its tail is those in capitals.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from revops.kernel.keys import PREFIX

TAIL: Final = 32
_CODE: Final = 20
_OWN: Final = re.compile(r"[A-Z2-7]{32}", re.ASCII)
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.:@/-]{1,20}", re.ASCII)


def tail(key: str) -> str:
    """Of a key that is none of ours: a digest of the same form."""
    own = key.removeprefix(PREFIX).upper()
    return own if _OWN.fullmatch(own) else _digest(key)


def key_of(tail: str) -> str:
    """The key with that tail, “” when it is none."""
    return f"{PREFIX}{tail.lower()}" if _OWN.fullmatch(tail) else ""


def short(identity: str) -> str:
    """
    An id of ours in 20 characters: in capitals, or a digest of one that is longer or holds what a
    code cannot. Ids that differ in case alone would be one.
    """
    if _PLAIN_ID.fullmatch(identity):
        return identity.upper()
    return f"C{_digest(identity)[: _CODE - 1]}"


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode("ascii")[:TAIL]
