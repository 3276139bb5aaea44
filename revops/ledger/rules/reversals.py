"""Undoing: a new entry that mirrors an old one, never a change of it (J5f; accounting.md J12)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from revops.ledger.drafts import CannotJournalize, JournalDraft
from revops.ledger.drafts import business_key as key_within


class AlreadyReversed(CannotJournalize):
    """The entry is itself a reversal, or was named twice."""


def void(
    entries: Sequence[JournalDraft], *, on: date, business_key: str
) -> tuple[JournalDraft, ...]:
    """
    J5f: exact mirrors, in the order given, of an invoice's entry and of every month that was
    recognised of it. ``business_key`` is the invoice's.

    ``on`` is the accounting date: the day of the void while its period is open, else the first
    open day, which the caller decides. A mirror is never dated before what it undoes.

    Raises AlreadyReversed.
    """
    undone: set[str] = set()
    mirrors = []
    for entry in entries:
        if entry.document_type == "void" or entry.identity in undone:
            raise AlreadyReversed(f"{entry.identity} cannot be reversed again.")
        undone.add(entry.identity)
        mirrors.append(
            entry.reversed(
                on=max(on, entry.accounting_date), business_key=_key(entry, business_key)
            )
        )
    return tuple(mirrors)


def _key(entry: JournalDraft, base: str) -> str:
    """One key for each entry undone: its own where that lies within the invoice's."""
    if entry.business_key == base or entry.business_key.startswith(f"{base}/"):
        return entry.business_key
    return key_within(base, entry.document_type, entry.business_key)
