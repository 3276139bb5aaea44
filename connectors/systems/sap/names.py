"""
Our names in SAP's fields, all of which are shorter than our keys.

A key is ``rc1-`` and 32 characters. ``DocumentReferenceID`` holds 16, so it is the first half of
the 32, which is 80 bits; the header's text (25) begins with the second half: both give the key
back. A message's id (35) holds all of it.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from revops.kernel.keys import PREFIX

REFERENCE: Final = 16
HEADER: Final = 25
ITEM: Final = 50
_OWN: Final = re.compile(r"[A-Z2-7]{32}", re.ASCII)
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.:@/-]{1,20}", re.ASCII)


def reference(key: str) -> str:
    """``DocumentReferenceID``, by which a key is looked for."""
    return _tail(key)[:REFERENCE]


def header(key: str, number: str) -> str:
    """``DocumentHeaderText``: the key's second half, and our number for people."""
    return f"{_tail(key)[REFERENCE:]} {number}"[:HEADER].strip()


def message(key: str) -> str:
    """The id of a key's message, the same each time that it is sent."""
    return f"RC1{_tail(key)}"


def key_of(reference: str, header: str) -> str:
    """The key that a document of ours carries, else “”."""
    tail = reference + header.partition(" ")[0]
    return f"{PREFIX}{tail.lower()}" if _OWN.fullmatch(tail) else ""


def partner(customer: str) -> str:
    """``BusinessPartnerIDByExtSystem`` (20): our id in upper case, or its digest."""
    if _PLAIN_ID.fullmatch(customer):
        return customer.upper()
    return f"C{_digest(customer)[:19]}"


def _tail(key: str) -> str:
    own = key.removeprefix(PREFIX).upper()
    return own if _OWN.fullmatch(own) else _digest(key)


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode("ascii")[:32]
