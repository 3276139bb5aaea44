"""
Why Fusion refused, in our words: sentences of its REST and SOAP services, and the codes that its
journal import leaves on the lines that it rejects.
"""

from __future__ import annotations

import re
from typing import Final

_CODE: Final = re.compile(r"\bE[A-Z][0-9]{2}\b", re.ASCII)
_TEXT: Final = 300

# By the code's first letters; a whole code counts before them.
_IMPORT: Final[dict[str, tuple[str, str]]] = {
    "EP": ("period_closed", "The day lies in no period that is open in Fusion's general ledger."),
    "EU": ("unbalanced", "Fusion says that debits and credits are not equal."),
    "EF": ("account_unknown", "Fusion does not take one of the account combinations."),
    "EC": ("currency_mismatch", "Fusion does not take the currency."),
    "EG": ("refused", "Fusion rejected another line of the same journal."),
}
_KNOWN: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), code, words)
    for pattern, code, words in (
        (
            r"already (exists|been used)|must be unique|duplicate",
            "exists",
            "Fusion holds a document with this number already.",
        ),
        (
            r"period[^.]*(closed|not open|open period)|(closed|not open)[^.]*period",
            "period_closed",
            "The period of this day is not open in Fusion.",
        ),
        (
            r"account combination|code combination|flex-value|accounting flexfield",
            "account_unknown",
            "Fusion does not take one of the account combinations.",
        ),
        (
            r"bill-to|customer (account|name|number|site)|party",
            "party_missing",
            "Fusion does not take the customer, perhaps because it has no bill-to site.",
        ),
        (r"currency", "currency_mismatch", "Fusion does not take the currency."),
        (r"receipt method", "receipt_method_missing", "Fusion does not take the receipt method."),
        (
            r"distribution[^.]*(total|equal|match|balance)",
            "unbalanced",
            "Fusion says that the distributions do not add up to the document.",
        ),
    )
)


def meaning(message: str) -> tuple[str, str]:
    """A stable code and a reason for people. A sentence that is not known stays as it is."""
    for pattern, code, words in _KNOWN:
        if pattern.search(message):
            return code, f"{words} ({message[:_TEXT]})"
    if not message:
        return "refused", "Fusion refused it without a reason."
    return "refused", f"Fusion refused it: {message[:_TEXT]}"


def of_import(log: str, request: str) -> tuple[str, str]:
    """The same for what a journal import's log says; ``request`` is Fusion's number of it."""
    codes = list(dict.fromkeys(_CODE.findall(log)))
    known = [code for code in codes if code[:2] in _IMPORT]
    if not known:
        reason = (
            f"Fusion took the file and imported nothing of it (request {request}). Its log says "
            "why; often the UCM account, the job or a right is wrong."
        )
        return "nothing_imported", reason
    # EG marks lines that are good themselves.
    first = next((code for code in known if code[:2] != "EG"), known[0])
    line = next((one.strip() for one in log.splitlines() if first in one), first)
    code, words = _IMPORT[first[:2]]
    return code, f"{words} ({line[:_TEXT]}; request {request})"
