"""
Card numbers do not belong here: they are taken out of whatever comes in before it is stored (PCI
DSS). Only what looks like a card from every side is touched, so that no id of a system is: the
length and first digits of a brand, the check digit, and no letter, digit or underscore beside it.
"""

from __future__ import annotations

import re
from typing import Final

# Most bodies hold no row of 13 digits, which is seen in two steps of a few microseconds.
_DIGITS: Final = bytes.maketrans(b"123456789", b"0" * 9)
_LONG: Final = b"0" * 13
# Begins with its first digit and not with what may not stand before it: ten times as fast.
_MAYBE: Final = re.compile(rb"[2-6](?:[ -]?\d){12,18}(?![\w-])(?!\.\d)", re.ASCII)
_BESIDE: Final = re.compile(rb"[\w.-]", re.ASCII)
_BRANDS: Final = re.compile(
    rb"4\d{12}(?:\d{3}){0,2}"  # Visa: 13, 16, 19
    rb"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    rb"|3[47]\d{13}|3(?:0[0-5]|[689]\d)\d{11}(?:\d\d)?|35\d{14}"  # American Express, Diners, JCB
    rb"|6(?:011|5\d\d|4[4-9]\d)\d{12}|62\d{14,17}",  # Discover, UnionPay
)
# The code on the back, under the names that systems give it; ``cvc_check`` says no code.
_CODE: Final = re.compile(
    rb'("(?:cvv2?|cvc2?|csc|card_?code|security_?code|card_verification(?:_value)?)"\s*:\s*)'
    rb'(?:"\d{3,4}"|\d{3,4})(?=\s*[,}])',
    re.IGNORECASE,
)
_NAMES: Final = (b"cvv", b"cvc", b"csc", b'code"', b"verification")
_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*"')


def redact(body: bytes) -> tuple[bytes, int]:
    """
    The body without card numbers and security codes, and how many there were. JSON stays JSON: in
    a text the number becomes ``[card ending 4242]``, a bare number becomes 0.
    """
    count = 0
    if _LONG in body.translate(_DIGITS, b" -") and _MAYBE.search(body):
        whole = body

        def replaced(match: re.Match[bytes]) -> bytes:
            nonlocal count
            digits = re.sub(rb"[ -]", b"", match[0])
            beside = _BESIDE.match(whole, match.start() - 1) if match.start() else None
            if beside or not (_BRANDS.fullmatch(digits) and _checks(digits)):
                return match[0]
            count += 1
            return b"[card ending " + digits[-4:] + b"]" if _in_text(whole, match) else b"0"

        body = _MAYBE.sub(replaced, body)
    lower = body.lower()
    if not any(name in lower for name in _NAMES):
        return body, count
    body, codes = _CODE.subn(rb'\1"[removed]"', body)
    return body, count + codes


def _in_text(body: bytes, found: re.Match[bytes]) -> bool:
    """Whether the place is inside a text of a JSON body; what is no JSON is all text."""
    if body.lstrip()[:1] not in (b"{", b"["):
        return True
    return any(one.start() < found.start() < one.end() for one in _STRING.finditer(body))


def _checks(digits: bytes) -> bool:
    """Luhn's check digit (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = digit - 48
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0
