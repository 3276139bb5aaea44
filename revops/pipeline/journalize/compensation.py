"""
Taking a posting back that cannot stay alone (accounting.md J12).

When an ERP took one leg of a fact and refused another, the posted leg is reversed by a balanced
entry of its own: nothing is ever edited. The reversal is dated like what it undoes while that
period is open, else on the first day of the next open one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from revops.delivery import operations as delivery
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.chain_rows import take_back, went_on
from revops.ledger.operations import NewEntry
from revops.ledger.rules import reversals
from revops.lineage.operations import LINKS
from revops.pipeline import dispatch, wake
from revops.store import sql

_PLACES: Final = """
SELECT entry.id, entry.legal_entity_id, entry.record_kind, entry.record_id, entry.correlation_id,
    entry.business_key
FROM ledger_journalentry entry WHERE entry.id = ANY(%s) ORDER BY entry.id FOR SHARE
"""


class NotReversible(ValueError):
    """The entry is not there, is a reversal, or has been reversed; the message says which."""


def compensate(entry_ids: Sequence[int]) -> list[int]:
    """
    Reverse posted legs, once: new entries with their commands. Their ids, in the order given.

    A recognition that is taken back counts no longer; schedules that an entry began are as if they
    had not been. Raises NotReversible, and PeriodMissing for a day without a period.
    """
    with sql.atomic():
        sql.lock_objects(f"reverse:{entry_id}" for entry_id in entry_ids)
        places = {row.id: row for row in sql.rows(_PLACES, (list(entry_ids),))}
        standing = ledger.standing_by_id(entry_ids)
        for entry_id in entry_ids:
            if entry_id not in places:
                raise NotReversible(f"There is no entry JE-{entry_id}.")
            if entry_id not in standing:
                raise NotReversible(f"JE-{entry_id} is a reversal, or has been reversed.")
        gone_on = went_on(entry_ids)
        if gone_on:
            raise NotReversible(
                f"Revenue of JE-{min(gone_on)} has been recognised or changed since: "
                "void or credit its invoice instead."
            )
        books = all_books()
        entries = []
        for entry_id, new_id in zip(
            entry_ids, sql.new_ids("ledger_journalentry", len(entry_ids)), strict=True
        ):
            place, entity = places[entry_id], books[places[entry_id].legal_entity_id]
            original = standing[entry_id].draft
            (draft,) = reversals.void(
                [original],
                on=_open_on(entity, original.accounting_date),
                business_key=place.business_key,
            )
            period_id, period = entity.period_of(draft.accounting_date)
            entries.append(
                NewEntry(
                    new_id, draft, entity.id, period_id, period.code, entity.mapping_version, None,
                    place.record_kind, place.record_id, place.correlation_id, entry_id,
                )
            )  # fmt: skip
        ledger.record(entries)
        ledger.undo_recognition(list(zip(entry_ids, [one.id for one in entries], strict=True)))
        take_back(entry_ids)
        moment = sql.one("SELECT now() AS now")
        assert moment is not None
        LINKS.insert(
            [
                (one.record_kind, one.record_id, "journal", one.id, moment.now)
                for one in entries
                if one.record_id is not None
            ],
            "ON CONFLICT DO NOTHING",
        )
        orders = dispatch.orders(entries, books)
        delivery.enqueue(orders)
    for connection_id in {order.connection_id for order in orders}:
        wake.delivery(connection_id)
    return [one.id for one in entries]


def _open_on(books: EntityBooks, day: date) -> date:
    """The day itself while its period is open, else the first day of the next open one."""
    _, period = books.period_of(day)
    if period.open:
        return day
    for candidate in books.periods:
        if candidate.open and candidate.span.start > day:
            return candidate.span.start
    raise NotReversible(f"{books.legal_entity} has no open period from {day} on.")
