"""
Documents that come when their period is closed (accounting.md, late and back-dated).

Nothing is ever written into a closed period. By an entity's policy a document waits for a person
(the default), or posts on the first day of the next open period; its lines keep the days of their
service, and the maps are those of its own day. What waited posts on the day that somebody agreed
to (``pipeline/closed``), and waits again when that period has been closed meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from revops.ledger.books import EntityBooks
from revops.ledger.drafts import JournalDraft
from revops.ledger.schedules import Period
from revops.pipeline.journalize.facts import Booked
from revops.store import sql

NEXT_OPEN = "next_open"

_AGREED: Final = """
SELECT inbound_id, dated FROM pipeline_lateposting WHERE inbound_id = ANY(%s)
"""


def agreed_days(inbound_ids: Sequence[int]) -> dict[int, date]:
    """The day on which each of these events may post, where somebody agreed to one."""
    if not inbound_ids:
        return {}
    return {row.inbound_id: row.dated for row in sql.rows(_AGREED, (list(inbound_ids),))}


def placed(found: Booked, books: EntityBooks, *, agreed: date | None = None) -> Booked:
    """
    The answer with its drafts dated as the entity's policy says, or on the day that was ``agreed``
    for what belongs to a closed period. Raises PeriodMissing.
    """
    if agreed is None and books.late_documents != NEXT_OPEN:
        return found
    return replace(found, drafts=[_placed(draft, books, agreed) for draft in found.drafts])


def next_open(books: EntityBooks, day: date) -> Period | None:
    """The first open period that begins after a day."""
    return next((one for one in books.periods if one.open and one.span.start > day), None)


def _placed(draft: JournalDraft, books: EntityBooks, agreed: date | None) -> JournalDraft:
    _, period = books.period_of(draft.accounting_date)
    if period.open:
        return draft
    if agreed is not None:
        later = agreed > draft.accounting_date and books.period_of(agreed)[1].open
        return draft.dated_later(agreed) if later else draft
    found = next_open(books, draft.accounting_date)
    return draft.dated_later(found.span.start) if found else draft
