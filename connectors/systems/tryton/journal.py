"""Postings as Tryton takes them: what of a payload counts here, and what makes two the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from connectors.commands import Unfit
from connectors.postings import JOURNAL, KEY, Posting, hashed
from revops.kernel import keys

OURS: Final = keys.PREFIX
_DESCRIPTION: Final = 240


def read(kind: str, payload: Mapping[str, Any]) -> Posting:
    """A posting whose lines may have a second currency beside the books'. Raises Unfit."""
    posting = Posting.of(kind, payload, bare=True)
    if any(line.document * line.amount < 0 for line in posting.lines):
        raise _unreadable("a line is debit in one currency only")
    if any(one.amount <= 0 for one in (*posting.settles, *posting.reopens)):
        raise _unreadable("what is settled is no whole number of minor units")
    if not all(KEY.fullmatch(one.key) for one in (*posting.settles, *posting.reopens)):
        raise _unreadable("what is settled is not named by a key of ours")
    own = posting.document_currency in ("", posting.currency)
    if own and any(line.document for line in posting.lines):
        raise Unfit("refused", "A line has a second amount, yet there is no second currency.")
    return posting


def _unreadable(why: str) -> Unfit:
    return Unfit("refused", f"The journal cannot be read: {why}.")


def text(posting: Posting) -> str:
    """For people, in one line, and short enough for Tryton."""
    return f"{posting.number} {posting.text}".strip()[:_DESCRIPTION]


def content_hash(day: str, currency: str, lines: Sequence[Sequence[Any]]) -> str:
    """
    Of date, currency and lines as (account code, debit, credit), and of those in another currency
    also its code and their amount in it. Their order does not count, nor do lines of zero: Tryton
    adds one to an invoice of nothing.
    """
    counted = [list(line) for line in lines if line[1] or line[2]]
    return hashed([day, currency, sorted(counted, key=str)])


def content_of(payload: Mapping[str, Any]) -> str:
    """What Tryton should hold for a payload, whatever its kind. Raises Unfit."""
    return content(read(JOURNAL, payload))


def content(posting: Posting) -> str:
    second = posting.document_currency
    lines = [
        (line.account, line.debit, line.credit, *((second, line.document) if line.document else ()))
        for line in posting.lines
    ]
    return content_hash(posting.day, posting.currency, lines)


def key_in(text: object) -> str:
    """The key that leads a description or a reference; people may have added to its end."""
    return str(text or "").partition(" ")[0]
