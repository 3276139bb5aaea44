"""What a run wants to post, and how it gets into the books and on its way to the ERP."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from revops.delivery import operations as delivery
from revops.ledger import operations as ledger
from revops.ledger.books import DatedBooks, EntityBooks
from revops.ledger.drafts import JournalDraft
from revops.ledger.drafts import business_key as key_within
from revops.ledger.operations import LANE, NewEntry
from revops.ledger.schedules import Period, PeriodMissing
from revops.lineage.operations import LINKS
from revops.pipeline import dispatch
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Planned:
    """
    A draft; ``reversing`` is taken back on the first day of the next period. ``record`` is the
    canonical record that it is about, when it is about one, and ``story`` that record's.
    """

    draft: JournalDraft
    reversing: bool = False
    record: tuple[str, int] | None = None
    story: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Figures are counts and amounts by name, in minor units of the entity's currency."""

    planned: Sequence[Planned] = ()
    figures: Mapping[str, int | str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """The period that ends, in an entity's books. ``on`` is its latest day."""

    books: EntityBooks
    period: Period
    period_id: int

    @property
    def on(self) -> date:
        return self.period.span.end

    @property
    def dated(self) -> DatedBooks:
        return self.books.on(self.on)

    def key(self, *parts: str) -> str:
        """``period-end:2025-01/1100/EUR``: what a run posts has no source but the console."""
        return key_within(f"period-end:{self.period.code}", *parts)

    def next_open(self) -> tuple[int, Period]:
        """The period of the next day, or the first open one after it. Raises PeriodMissing."""
        for period_id, period in self.books.calendar:
            if period.span.start > self.on and period.open:
                return period_id, period
        raise PeriodMissing(self.on, self.books.legal_entity)


_REVISIONS: Final = """
SELECT business_key, max(revision) AS revision FROM ledger_journalentry
WHERE legal_entity_id = %s AND lane = %s AND document_type = %s AND business_key = ANY(%s)
GROUP BY business_key
"""


def next_revisions(books: EntityBooks, document_type: str, keys: Iterable[str]) -> dict[str, int]:
    """The revision that a further entry under each of these keys will have."""
    asked = sorted(set(keys))
    if not asked:
        return {}
    held = sql.rows(_REVISIONS, (books.id, LANE, document_type, asked))
    return dict.fromkeys(asked, 1) | {row.business_key: row.revision + 1 for row in held}


def post(closing: Closing, planned: Sequence[Planned], *, story: str) -> tuple[int, set[int]]:
    """
    Record what is planned with its reversals, and order its commands; in the caller's transaction.
    How many entries, and the connections that got commands.
    """
    entries = _entries(closing, planned, story)
    if not entries:
        return 0, set()
    ledger.record(entries)
    moment = sql.one("SELECT now() AS now")
    assert moment is not None
    LINKS.insert(
        [
            (entry.record_kind, entry.record_id, "journal", entry.id, moment.now)
            for entry in entries
            if entry.record_id is not None
        ],
        "ON CONFLICT DO NOTHING",
    )
    orders = dispatch.orders(entries, {closing.books.id: closing.books})
    delivery.enqueue(orders)
    return len(entries), {order.connection_id for order in orders}


def _entries(closing: Closing, planned: Sequence[Planned], story: str) -> list[NewEntry]:
    count = sum([2 if one.reversing else 1 for one in planned])
    ids = iter(sql.new_ids("ledger_journalentry", count))
    books = closing.books
    entries: list[NewEntry] = []
    for one in planned:
        kind, record_id = one.record or ("", None)
        first = NewEntry(
            next(ids), one.draft, books.id, closing.period_id, closing.period.code,
            books.mapping_version, None, kind, record_id, one.story or story,
        )  # fmt: skip
        entries.append(first)
        if one.reversing:
            period_id, period = closing.next_open()
            mirror = one.draft.reversed(
                on=period.span.start, business_key=key_within(one.draft.business_key, "back")
            )
            entries.append(
                NewEntry(
                    next(ids), mirror, books.id, period_id, period.code, books.mapping_version,
                    None, kind, record_id, one.story or story, first.id,
                )
            )  # fmt: skip
    return entries
