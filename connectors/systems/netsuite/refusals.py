"""What NetSuite says when it refuses, in our words. Sentences are matched loosely: they vary."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

_KNOWN: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), code, words)
    for pattern, code, words in (
        (r"already exists", "exists", "NetSuite holds a record with this external ID already."),
        (
            r"(closed|locked)[^.]*\bperiod|\bperiod\b[^.]*(closed|locked)",
            "period_closed",
            "The period of this day is closed or locked in NetSuite.",
        ),
        (
            r"not balance|out of balance|must balance|debits? and credits?",
            "unbalanced",
            "NetSuite says that debits and credits are not equal.",
        ),
        (
            r"(reference key|field value)[^.]*\baccount\b|\baccount\b[^.]*(reference key|inactive)",
            "account_unknown",
            "NetSuite does not take one of the accounts.",
        ),
        (
            r"(reference key|field value)[^.]*\b(entity|customer)\b",
            "party_missing",
            "NetSuite does not take the customer of a line, perhaps not in this subsidiary.",
        ),
        (
            r"(reference key|field value)[^.]*\bcurrency\b",
            "currency_mismatch",
            "NetSuite does not take the currency.",
        ),
        (
            r"(unknown|not found|does not exist)[^.]*\b(field|property|reference)\b|"
            r"\b(field|property|reference)\b[^.]*(unknown|not found|does not exist)",
            "field_unknown",
            "NetSuite does not know a field that the console sent: a feature may be off.",
        ),
    )
)
_CODES: Final = {"CLOSED_TRAN_PRD": "period_closed", "DUP_RCRD": "exists"}


def meaning(message: str, codes: Collection[str] = ()) -> tuple[str, str]:
    """A stable code and a reason for people. A sentence that is not known stays as it is."""
    wanted = next((_CODES[code] for code in codes if code in _CODES), "")
    for pattern, code, words in _KNOWN:
        if code == wanted or (not wanted and pattern.search(message)):
            return code, f"{words} ({message})" if message else words
    if not message:
        return "refused", "NetSuite refused it without a reason."
    return "refused", f"NetSuite refused it: {message}"
