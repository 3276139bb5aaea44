"""
Our names in Business Central's fields, all of which are shorter than our keys.

A key is ``rc1-`` and 32 characters. ``externalDocumentNumber`` (Code[35]) just holds all of it
without its hyphen; ``documentNumber`` (Code[20]), the only one of the two that a general ledger
entry shows, holds 18 of the 32, which is 90 bits, and the entry's description ends with the other
14. Codes are upper case in Business Central, our keys lower case: neither loses anything.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from connectors import codes

DESCRIPTION: Final = 100
_SHOWN: Final = 18
_NUMBER: Final = re.compile(r"RC[A-Z2-7]{18}", re.ASCII)
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def document_number(key: str) -> str:
    """What journals and payments are numbered with: ``RC`` and the first part of the key."""
    return f"RC{codes.tail(key)[:_SHOWN]}"


def external_number(key: str) -> str:
    """The whole key, as sales documents carry it."""
    return f"RC1{codes.tail(key)}"


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
    rest = codes.tail(key)[_SHOWN:]
    return f"{' '.join(text.split())[: DESCRIPTION - len(rest) - 1]} {rest}".strip()


def key_of_entry(number: str, description: str) -> str:
    """The key that a general ledger entry of ours carries, else “”."""
    rest = description.rpartition(" ")[2].upper()
    if not _NUMBER.fullmatch(number) or len(rest) != codes.TAIL - _SHOWN:
        return ""
    return codes.key_of(number[2:] + rest)


def key_of_document(external: str) -> str:
    """The key that a sales document of ours carries, else “”."""
    return codes.key_of(external[3:]) if external.startswith("RC1") else ""


def is_ours(number: str) -> bool:
    return bool(_NUMBER.fullmatch(number))


def customer_number(customer: str) -> str:
    """A customer's ``number`` (Code[20])."""
    return codes.short(customer)
