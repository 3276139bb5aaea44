"""
What Tryton says when it refuses, in English (the language that we ask for), in our words.

The sentences are those of the modules ``account``, ``account_invoice``, ``account_deposit``
and ``party`` and of the server, series 8.2.
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


def closed(period: str, journal: str = "") -> str:
    """``journal`` when the period is closed for that one only."""
    return f"Period {period} is closed in Tryton" + (
        f" for the journal {journal}." if journal else "."
    )


def _closed_journal_period(found: re.Match[str]) -> str:
    journal, _, period = found["name"].rpartition(" - ")
    return closed(period, journal)


def _closed_period(found: re.Match[str]) -> str:
    return closed(found["name"])


def _account(found: re.Match[str]) -> str:
    return (
        f"Account {found['name'].partition(' - ')[0]} cannot be posted to in Tryton: it is closed."
    )


def _unfit(found: re.Match[str]) -> str:
    return (
        f"Account {found['name'].partition(' - ')[0]} cannot stand on a customer invoice in "
        "Tryton: its type is neither Revenue nor Deposit."
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
            _closed_period,
        ),
        (
            r'"(?P<name>[^"]*)" for field "Period" .*domain',
            "period_closed",
            _closed_period,
        ),
        (r'must reopen the period "(?P<name>[^"]*)"', "period_closed", _closed_period),
        (
            r'must create a period for the date "(?P<name>[^"]*)"',
            "period_missing",
            lambda found: f"Tryton has no period for {found['name']}.",
        ),
        (r"must balance all its lines", "unbalanced", "Debits and credits are not equal."),
        (r"must fill in its lines", "unbalanced", "The journal has no lines."),
        (
            r'required for field "Party"|must set a party on line',
            "party_missing",
            "A line on a customer account names no customer.",
        ),
        (
            r'"(?P<name>[^"]*)" for field "Account" .*"Account Invoice Line" .*domain',
            "account_unfit",
            _unfit,
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
        (
            r'must set an invoice date after .* for invoice "(?P<name>[^"]*)"',
            "invoice_order",
            lambda found: (
                f"Tryton holds an invoice with a later date already: {found['name']}. It numbers "
                "invoices in the order of their dates."
            ),
        ),
        (
            r'must define a sequence on fiscal year "(?P<name>[^"]*)"',
            "sequence_missing",
            lambda found: (
                f"Tryton's fiscal year {found['name']} has no number sequence for invoices."
            ),
        ),
        (
            r'account "(?P<name>[^"]*)" has not enough deposit',
            "deposit_short",
            lambda found: (
                f"The customer has less on account {found['name'].partition(' - ')[0]} in Tryton "
                "than this takes away."
            ),
        ),
        (
            r'The (?P<kind>[^"]*) "(?P<code>[^"]*)" for party "[^"]*" is not valid',
            "tax_id_invalid",
            lambda found: f"Tryton holds {found['code']} to be no valid {found['kind']}.",
        ),
        (r"code on party must be unique", "party_exists", "Tryton has a party with this code."),
        (r'can not call "post"', "already_posted", "Tryton has posted this before."),
        (r"modify posted move", "posted", "Tryton has posted this move."),
        (
            r"modify invoice .* because it is posted",
            "posted",
            "Tryton has posted this invoice.",
        ),
        (r"don't exist", "gone", "Tryton no longer holds this record."),
        (r"not allowed to access", "forbidden", "The key's user may not do this in Tryton."),
    )
)
