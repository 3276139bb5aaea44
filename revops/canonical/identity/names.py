"""Names of companies without what does not tell them apart. Pure."""

from __future__ import annotations

import re
import unicodedata
from decimal import Decimal
from functools import lru_cache
from typing import Final

# How companies are registered, in the spellings that customers use. Dots are gone by then.
_FORMS: Final = frozenset(
    {
        "ab", "ag", "aps", "as", "asa", "bhd", "bv", "co", "company", "corp", "corporation", "eg",
        "ev", "gbr", "gesmbh", "gmbh", "inc", "incorporated", "kft", "kg", "kgaa", "kk", "lda",
        "limited", "llc", "llp", "lp", "ltd", "ltda", "mbh", "nv", "ohg", "oy", "oyj", "pbc", "plc",
        "pte", "pty", "pvt", "sa", "sab", "sarl", "sas", "sasu", "sdn", "se", "sl", "slu", "spa",
        "sprl", "srl", "sro", "ug",
    }
)  # fmt: skip
_TOGETHER: Final = (
    "株式会社", "合同会社", "有限会社", "(株)", "(有)", "sp. z o.o.", "sp z o.o.", "sp z oo",
)  # fmt: skip
_JOINS: Final = frozenset({"and", "und", "et", "y", "e"})


@lru_cache(maxsize=8192)
def core(name: str) -> str:
    """
    The words that make the name: ``"Müller & Söhne GmbH & Co. KG"`` becomes ``"muller and sohne"``.

    Compatible characters, capitals, accents and punctuation do not count. A name of nothing but
    legal forms stays as it is.
    """
    text = unicodedata.normalize("NFKC", name).casefold()
    for form in _TOGETHER:
        text = text.replace(form, " ")
    # Vowel marks fall off Latin letters; in Japanese they make another letter.
    text = "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if not "\u0300" <= character <= "\u036f"
    )
    text = unicodedata.normalize("NFC", text).replace("&", " and ").replace("+", " and ")
    text = re.sub(r"[.'\u2019`]", "", text)
    words = re.findall(r"\w+", text.replace("_", " "))
    kept = list(words)
    while kept and (kept[-1] in _FORMS or kept[-1] in _JOINS):
        kept.pop()
    return " ".join(kept or words)


def alike(one: str, other: str) -> Decimal:
    """
    How alike two names are, 0 to 1: the trigrams that they share, as ``pg_trgm`` counts them. Names
    that differ in a number are different names, however alike they look.
    """
    if not one or not other:
        return Decimal(0)
    if one == other:
        return Decimal(1)
    if numbers(one) != numbers(other):
        return Decimal(0)
    left, right = trigrams(one), trigrams(other)
    return Decimal(len(left & right)) / Decimal(len(left | right))


def numbers(text: str) -> set[str]:
    """As they are written."""
    return set(re.findall(r"\d+", text))


def trigrams(text: str) -> set[str]:
    """Three letters each, as ``pg_trgm`` counts them."""
    return {
        padded[start : start + 3]
        for word in text.split()
        for padded in [f"  {word} "]
        for start in range(len(padded) - 2)
    }
