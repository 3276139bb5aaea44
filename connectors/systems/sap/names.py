"""
Our names in SAP's fields, all of which are shorter than our keys.

A key is ``rc1-`` and 32 characters. ``DocumentReferenceID`` holds 16, so it is the first half of
the 32, which is 80 bits; the header's text (25) begins with the second half: both give the key
back. A message's id (35) holds all of it.
"""

from __future__ import annotations

from typing import Final

from connectors import codes

REFERENCE: Final = 16
HEADER: Final = 25
ITEM: Final = 50


def reference(key: str) -> str:
    """``DocumentReferenceID``, by which a key is looked for."""
    return codes.tail(key)[:REFERENCE]


def header(key: str, number: str) -> str:
    """``DocumentHeaderText``: the key's second half, and our number for people."""
    return f"{codes.tail(key)[REFERENCE:]} {number}"[:HEADER].strip()


def message(key: str) -> str:
    """The id of a key's message, the same each time that it is sent."""
    return f"RC1{codes.tail(key)}"


def key_of(reference: str, header: str) -> str:
    """The key that a document of ours carries, else “”."""
    tail = reference + header.partition(" ")[0]
    return codes.key_of(tail)


def partner(customer: str) -> str:
    """``BusinessPartnerIDByExtSystem`` (20): our id in upper case, or its digest."""
    return codes.short(customer)
