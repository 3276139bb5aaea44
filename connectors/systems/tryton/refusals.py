"""
What Tryton says when it refuses, in English (the language that we ask for), in our words.

The sentences are those of the modules ``account`` and ``party`` and of the server, series 8.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final


def meaning(message: str) -> tuple[str, str]:
    """A stable code and a reason for people. A sentence that is not known stays as it is."""
    for pattern, code, words in _KNOWN:
        found = pattern.search(message)
        if found:
            return code, words(found) if callable(words) else words
    if not message:
        return "refused", "Tryton refused it without a reason."
    return "refused", f"Tryton refused it: {message}"


def _closed_journal_period(found: re.Match[str]) -> str:
    journal, _, period = found["name"].rpartition(" - ")
    return f"Period {period} is closed in Tryton" + (
        f" for the journal {journal}." if journal else "."
    )


def _account(found: re.Match[str]) -> str:
    return (
        f"Account {found['name'].partition(' - ')[0]} cannot be posted to in Tryton: it is closed."
    )


_Words = str | Callable[[re.Match[str]], str]
_KNOWN: Final[tuple[tuple[re.Pattern[str], str, _Words], ...]] = tuple(
    (re.compile(pattern), code, words)
    for pattern, code, words in (
        (
            r'closed journal-period "(?P<name>[^"]*)"',
            "period_closed",
            _closed_journal_period,
        ),
        (
            r'in closed period "(?P<name>[^"]*)"',
            "period_closed",
            lambda found: f"Period {found['name']} is closed in Tryton.",
        ),
        (
            r'"(?P<name>[^"]*)" for field "Period" .*domain',
            "period_closed",
            lambda found: f"Period {found['name']} is closed in Tryton.",
        ),
        (r"must balance all its lines", "unbalanced", "Debits and credits are not equal."),
        (r"must fill in its lines", "unbalanced", "The journal has no lines."),
        (
            r'required for field "Party"|must set a party on line',
            "party_missing",
            "A line on a customer account names no customer.",
        ),
        (r'account "(?P<name>[^"]*)", you must set a type or unclose', "account_unknown", _account),
        (r'"(?P<name>[^"]*)" for field "Account" .*domain', "account_unknown", _account),
        (
            r'for field "Account" .*does not exist',
            "account_unknown",
            "An account was removed from Tryton.",
        ),
        (
            r'for field "Period" .*does not exist',
            "period_missing",
            "A period was removed from Tryton.",
        ),
        (
            r'for field "Journal" ',
            "journal_missing",
            "The journal of this connection cannot be used in Tryton.",
        ),
        (r"code on party must be unique", "party_exists", "Tryton has a party with this code."),
        (r'can not call "post"', "already_posted", "Tryton has posted this move before."),
        (r"modify posted move", "posted", "Tryton has posted this move."),
        (r"don't exist", "gone", "Tryton no longer holds this record."),
        (r"not allowed to access", "forbidden", "The key's user may not do this in Tryton."),
    )
)
