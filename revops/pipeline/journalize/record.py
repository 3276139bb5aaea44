"""Writing what a batch's events mean for the books: entries, schedules, what was given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from revops.canonical.operations.change import Change
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks
from revops.ledger.chain_rows import write_chains
from revops.ledger.operations import NewEntry
from revops.pipeline.journalize.facts import Booked
from revops.pipeline.journalize.knowledge import Knowledge
from revops.pipeline.recognize import correct
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Produced:
    """An event's answer that the line has taken. ``event`` is (inbound id, position)."""

    event: tuple[int, int]
    booked: Booked
    change: Change
    entity_id: int
    story: str


@dataclass(slots=True)
class Written:
    """The new entries, and the edges of their thread as (kind, id, kind, id)."""

    entries: list[NewEntry] = field(default_factory=list)
    links: list[tuple[str, int, str, int]] = field(default_factory=list)


def record(
    produced: Sequence[Produced],
    known: Knowledge,
    books: Mapping[int, EntityBooks],
    event_ids: Mapping[tuple[int, int], int],
) -> Written:
    """
    Everything in the caller's transaction. A fact that is in the books already stays as it is: a
    map that changed since does not change it, and what would follow from it is not done again.
    """
    found = Written()
    recorded = ledger.existing(
        ledger.identity_of(one.entity_id, draft) for one in produced for draft in one.booked.drafts
    )
    ids = iter(sql.new_ids("ledger_journalentry", sum(len(one.booked.drafts) for one in produced)))
    undone: list[tuple[int, int]] = []
    given_back: list[tuple[int, int, str, str, str, int]] = []
    for one in produced:
        own = books[one.entity_id]
        reverses = one.booked.reverses or [None] * len(one.booked.drafts)
        first: NewEntry | None = None
        for draft, reversed_id in zip(one.booked.drafts, reverses, strict=True):
            identity = ledger.identity_of(one.entity_id, draft)
            if identity in recorded:
                continue
            recorded[identity] = draft.content_hash()
            period_id, period = own.period_of(draft.accounting_date)
            entry = NewEntry(
                next(ids), draft, one.entity_id, period_id, period.code, own.mapping_version,
                event_ids.get(one.event), one.change.kind, one.change.record_id, one.story,
                reversed_id,
            )  # fmt: skip
            first = first or entry
            found.entries.append(entry)
            found.links.append((one.change.kind, one.change.record_id, "journal", entry.id))
            if reversed_id is not None:
                undone.append((reversed_id, entry.id))
        if first is not None:
            given_back += [
                (
                    one.entity_id,
                    first.id,
                    back.invoice_key,
                    back.line_id,
                    back.tax_code,
                    back.amount,
                )
                for back in one.booked.given_back
            ]  # fmt: skip
    ledger.record(found.entries)
    ledger.undo_recognition(undone)
    ledger.record_given_back(given_back)
    _schedules(found, known, books)
    return found


def _schedules(found: Written, known: Knowledge, books: Mapping[int, EntityBooks]) -> None:
    """New schedules and changed chains; what had been recognised beyond a change is corrected."""
    touched = known.touched()
    if not touched:
        return
    by_document = {
        (entry.draft.document_type, entry.draft.business_key): entry.id for entry in found.entries
    }
    codes = {own.legal_entity: own.id for own in books.values()}
    changed = write_chains(touched, by_document, codes)
    if not changed:
        return
    concerned = {codes[one.legal_entity] for one in touched if one.id in set(changed)}
    for entity_id in sorted(concerned):
        found.entries += correct(changed, books[entity_id])
