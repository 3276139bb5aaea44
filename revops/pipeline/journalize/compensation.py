"""
Taking a posting back that cannot stay alone (accounting.md J12).

When an ERP took one leg of a fact and refused another, the posted leg is reversed by a balanced
entry of its own: nothing is ever edited. The reversal is dated like what it undoes while that
period is open, else on the first day of the next open one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final

from django.db import transaction

from revops.delivery import operations as delivery
from revops.delivery.operations import Order
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
    entry.business_key, entry.lane
FROM ledger_journalentry entry WHERE entry.id = ANY(%s) ORDER BY entry.id
"""
_REVISIONS: Final = """
SELECT asked.lane, asked.entity, asked.key, max(entry.revision)::int AS revision
FROM unnest(%b::text[], %b::bigint[], %b::text[]) AS asked (lane, entity, key)
JOIN ledger_journalentry entry ON entry.lane = asked.lane AND entry.legal_entity_id = asked.entity
    AND entry.document_type = 'void' AND entry.business_key = asked.key
GROUP BY asked.lane, asked.entity, asked.key
"""
_LOCK: Final = """
SELECT id FROM ledger_journalentry WHERE id = ANY(%s) ORDER BY id FOR SHARE
"""


class NotReversible(ValueError):
    """The entry is not there, is a reversal, or has been reversed; the message says which."""


def plan(entry_ids: Sequence[int]) -> list[NewEntry]:
    """
    The reversals of these entries, in the order given, not numbered yet. Reads only.

    Raises NotReversible, and PeriodMissing for a day without a period.
    """
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
    for entry_id in entry_ids:
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
                0, draft, entity.id, period_id, period.code, entity.mapping_version, None,
                place.record_kind, place.record_id, place.correlation_id, entry_id, place.lane,
            )
        )  # fmt: skip
    return _numbered(entries)


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The new entries in the order given, and the commands that ask for them."""

    entry_ids: list[int]
    command_ids: list[int]


def compensate(
    entry_ids: Sequence[int], *, held_by: Mapping[int, Collection[int]] | None = None
) -> TakenBack:
    """
    Reverse posted legs, once: new entries with their commands.

    A recognition that is taken back counts no longer; schedules that an entry began are as if they
    had not been. ``held_by`` names, by entry, the connections that hold it: only those are asked to
    reverse it, and an entry that none of them holds is reversed in our books alone. Without it all
    that keep these books are asked.

    Raises NotReversible, also when a connection that holds one keeps these books no longer, and
    PeriodMissing for a day without a period.
    """
    with sql.atomic():
        sql.lock_objects(f"reverse:{entry_id}" for entry_id in entry_ids)
        sql.rows(_LOCK, (list(entry_ids),))
        ids = sql.new_ids("ledger_journalentry", len(entry_ids))
        planned = plan(entry_ids)
        entries = [replace(one, id=id) for one, id in zip(planned, ids, strict=True)]
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
        orders = dispatch.orders(entries, all_books())
        if held_by is not None:
            orders = _asked(orders, entries, held_by)
        delivery.enqueue(orders)
        commands = delivery.ids_of(orders) if orders else []
    for connection_id in {order.connection_id for order in orders}:
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    return TakenBack([one.id for one in entries], commands)


def _numbered(entries: Sequence[NewEntry]) -> list[NewEntry]:
    """Parts of a document may share a key, and so do their mirrors: each is a further revision."""
    keys = [(one.lane, one.legal_entity_id, one.draft.business_key) for one in entries]
    known = sql.rows(_REVISIONS, [list(column) for column in zip(*keys, strict=True)])
    newest = {(row.lane, row.entity, row.key): row.revision for row in known}
    found = []
    for one, key in zip(entries, keys, strict=True):
        newest[key] = max(newest.get(key, 0) + 1, one.draft.revision)
        found.append(replace(one, draft=replace(one.draft, revision=newest[key])))
    return found


def _asked(
    orders: Sequence[Order], entries: Sequence[NewEntry], held_by: Mapping[int, Collection[int]]
) -> list[Order]:
    undoes = {one.id: one.reverses_id or 0 for one in entries}
    kept = [one for one in orders if one.connection_id in held_by[undoes[one.subject_id]]]
    reached = {(undoes[one.subject_id], one.connection_id) for one in kept}
    for entry_id, connections in held_by.items():
        if any((entry_id, connection_id) not in reached for connection_id in connections):
            raise NotReversible(
                f"The ERP that holds JE-{entry_id} keeps these books no longer: reverse it there."
            )
    return kept


def _open_on(books: EntityBooks, day: date) -> date:
    """The day itself while its period is open, else the first day of the next open one."""
    _, period = books.period_of(day)
    if period.open:
        return day
    for candidate in books.periods:
        if candidate.open and candidate.span.start > day:
            return candidate.span.start
    raise NotReversible(f"{books.legal_entity} has no open period from {day} on.")
