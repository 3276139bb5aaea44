"""
Our names in Business Central's fields, all of which are shorter than our keys.

A key is ``rc1-`` and 32 characters. ``externalDocumentNumber`` (Code[35]) just holds all of it
without its hyphen; ``documentNumber`` (Code[20]), the only one of the two that a general ledger
entry shows, holds 18 of the 32, which is 90 bits, and the entry's description ends with the other
14. Codes are upper case in Business Central, our keys lower case: neither loses anything.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Final

from revops.kernel.keys import PREFIX

DESCRIPTION: Final = 100
_TAIL: Final = 32
_SHOWN: Final = 18
_OWN: Final = re.compile(r"[A-Z2-7]{32}", re.ASCII)
_NUMBER: Final = re.compile(r"RC[A-Z2-7]{18}", re.ASCII)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.:@/-]{1,20}", re.ASCII)


def document_number(key: str) -> str:
    """What journals and payments are numbered with: ``RC`` and the first part of the key."""
    return f"RC{_tail(key)[:_SHOWN]}"


def external_number(key: str) -> str:
    """The whole key, as sales documents carry it."""
    return f"RC1{_tail(key)}"


def batch_code(key: str) -> str:
    """
    The name of a key's journal batch: ten letters. No digit, because Business Central counts up
    the digits of a batch's name when it posts the batch, and so renames it.
    """
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")
    letters = []
    for _ in range(10):
        number, rest = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[rest])
    return "".join(letters)


def described(text: str, key: str) -> str:
    """A line's description: ours as far as it fits, then the key's second part."""
    rest = _tail(key)[_SHOWN:]
    return f"{' '.join(text.split())[: DESCRIPTION - len(rest) - 1]} {rest}".strip()


def key_of_entry(number: str, description: str) -> str:
    """The key that a general ledger entry of ours carries, else “”."""
    rest = description.rpartition(" ")[2].upper()
    if not _NUMBER.fullmatch(number) or len(rest) != _TAIL - _SHOWN:
        return ""
    return _key(number[2:] + rest)


def key_of_document(external: str) -> str:
    """The key that a sales document of ours carries, else “”."""
    return _key(external[3:]) if external.startswith("RC1") else ""


def is_ours(number: str) -> bool:
    return bool(_NUMBER.fullmatch(number))


def customer_number(customer: str) -> str:
    """
    A customer's ``number`` (Code[20]): our id, or a digest of one that is longer or holds what a
    code cannot. Ids that differ in case alone would be one customer there.
    """
    if _PLAIN_ID.fullmatch(customer):
        return customer.upper()
    return f"C{_digest(customer)[:19]}"


def _tail(key: str) -> str:
    own = key.removeprefix(PREFIX).upper()
    return own if _OWN.fullmatch(own) else _digest(key)


def _key(tail: str) -> str:
    return f"{PREFIX}{tail.lower()}" if _OWN.fullmatch(tail) else ""


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.b32encode(digest).decode("ascii")[:_TAIL]
