"""
What Business Central says when it refuses, in our words. It words its refusals in the language of
the session; we ask for English, and a sentence that is not known stays as it is.
"""

from __future__ import annotations

import re
from typing import Final

# Told for a state that passes: the next attempt may succeed.
PASSING: Final = ("locked", "batch_exists", "nothing_to_post")
_CORRELATION: Final = re.compile(r"\s*CorrelationId:.*$", re.DOTALL)
_KNOWN: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), code, words)
    for pattern, code, words in (
        (
            r"range of allowed posting dates",
            "period_closed",
            "The posting date is outside of the dates that Business Central allows postings for.",
        ),
        (
            r"accounting period|fiscal year",
            "period_missing",
            "Business Central has no open accounting period for this date.",
        ),
        (
            r"There is nothing to post",
            "nothing_to_post",
            "The journal batch is empty: it was posted or emptied meanwhile.",
        ),
        (
            r"Journal Batch already exists",
            "batch_exists",
            "Another attempt made the journal batch at the same time.",
        ),
        (
            r"(locked by another user|deadlock|another user has modified)",
            "locked",
            "Business Central was busy with another posting; it is tried again.",
        ),
        (
            r"(out of balance|not in balance)",
            "unbalanced",
            "Business Central says that debits and credits are not equal.",
        ),
        (
            r"Posting Group must have a value|must have a value in (the )?Customer",
            "party_incomplete",
            "The customer or an account lacks a posting group in Business Central: {told}",
        ),
        (
            r"must have a value in",
            "setup_missing",
            "Something is not set up in Business Central: {told}",
        ),
        (
            r"(Direct Posting must be equal|Blocked must be equal|Account Type must be equal)",
            "account_unfit",
            "An account cannot be posted to in Business Central: {told}",
        ),
        (
            r"accountNumber.{0,3} does not match|field Account No\. of table",
            "account_unknown",
            "An account does not exist in Business Central: {told}",
        ),
        (
            r"may not enter numbers manually",
            "numbering",
            "Business Central's number series for customers does not allow manual numbers.",
        ),
        (
            r"customer values do not match|customerNumber.{0,30} does not match",
            "party_missing",
            "Business Central has no such customer.",
        ),
        (
            r"already exists",
            "duplicate",
            "Business Central holds a document with this number already: {told}",
        ),
        (
            r"currencyCode.{0,3} does not match",
            "currency_unknown",
            "Business Central does not have this currency.",
        ),
    )
)


def told(message: str) -> str:
    """The message without the id that follows it for Microsoft's support."""
    return " ".join(_CORRELATION.sub("", message).split())[:300]


def meaning(code: str, message: str) -> tuple[str, str]:
    """A stable word for grouping and a reason for people."""
    said = told(message)
    for pattern, word, words in _KNOWN:
        if pattern.search(said):
            return word, words.format(told=said)
    if code == "Internal_EntityWithSameKeyExists":
        return "batch_exists", f"Business Central holds a record of this name: {said}"
    return "refused", f"Business Central refused it: {said or code or 'without a reason.'}"
