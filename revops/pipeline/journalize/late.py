"""
Documents that come when their period is closed (accounting.md, late and back-dated).

Nothing is ever written into a closed period. By an entity's policy a document waits for a person
(the default), or posts on the first day of the next open period; its lines keep the days of their
service, and the maps are those of its own day.
"""

from __future__ import annotations

from dataclasses import replace

from revops.ledger.books import EntityBooks
from revops.ledger.drafts import JournalDraft
from revops.pipeline.journalize.facts import Booked

NEXT_OPEN = "next_open"


def placed(found: Booked, books: EntityBooks) -> Booked:
    """The answer with its drafts dated as the entity's policy says. Raises PeriodMissing."""
    if books.late_documents != NEXT_OPEN:
        return found
    return replace(found, drafts=[_placed(draft, books) for draft in found.drafts])


def _placed(draft: JournalDraft, books: EntityBooks) -> JournalDraft:
    _, period = books.period_of(draft.accounting_date)
    if period.open:
        return draft
    for candidate in books.periods:
        if candidate.open and candidate.span.start > draft.accounting_date:
            return replace(draft, accounting_date=candidate.span.start)
    return draft
