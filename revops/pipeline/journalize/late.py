"""
Documents that come when their period is closed (accounting.md, late and back-dated).

Nothing is ever written into a closed period. By an entity's policy a document waits for a person
(the default), or posts on the first day of the next open period; its lines keep the days of their
service, and the maps are those of its own day. What waited posts on the day that somebody agreed
to (``pipeline/closed``), and waits again when that period has been closed meanwhile. What was
accrued in its own period posts on that day alone, even when its own period is opened again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from revops.ledger.books import EntityBooks
from revops.ledger.drafts import JournalDraft
from revops.ledger.schedules import Period
from revops.pipeline.journalize.facts import Booked
from revops.store import sql

NEXT_OPEN = "next_open"

_AGREED: Final = """
SELECT inbound_id, dated, accrued FROM pipeline_lateposting WHERE inbound_id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The day on which a late document posts; ``accrued``: its own period has its share already."""

    dated: date
    accrued: bool = False


def agreed_days(inbound_ids: Sequence[int]) -> dict[int, Agreed]:
    """What somebody agreed to about these events, where somebody did."""
    if not inbound_ids:
        return {}
    held = sql.rows(_AGREED, (list(inbound_ids),))
    return {row.inbound_id: Agreed(row.dated, row.accrued) for row in held}


def placed(found: Booked, books: EntityBooks, *, agreed: Agreed | None = None) -> Booked:
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


def _placed(draft: JournalDraft, books: EntityBooks, agreed: Agreed | None) -> JournalDraft:
    _, period = books.period_of(draft.accounting_date)
    if agreed is not None and agreed.accrued and agreed.dated > draft.accounting_date:
        return draft.dated_later(agreed.dated)
    if period.open:
        return draft
    if agreed is not None:
        later = agreed.dated > draft.accounting_date and books.period_of(agreed.dated)[1].open
        return draft.dated_later(agreed.dated) if later else draft
    found = next_open(books, draft.accounting_date)
    return draft.dated_later(found.span.start) if found else draft
