"""
Booking again what an ERP refused: our maps named the wrong tax account, or its period is closed.

The entry is in our books and in nobody else's. It is reversed, and the same fact is booked as a
further revision, with today's tax accounts or on a later day. The ERP is asked for the new revision
only; it never held the first one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from revops.delivery import operations as delivery
from revops.kernel import strict_json
from revops.ledger import operations as ledger
from revops.ledger.books import EntityBooks, all_books
from revops.ledger.drafts import JournalDraft
from revops.ledger.operations import NewEntry
from revops.ledger.rules import reversals
from revops.ledger.rules.base import MappingMissing
from revops.ledger.schedules import PeriodMissing
from revops.lineage.operations import LINKS
from revops.pipeline import dispatch
from revops.store import sql

_PLACES: Final = """
SELECT command.id AS command_id, command.payload, command.state, command.code, command.drafted_id,
    command.unknown_since, entry.id, entry.legal_entity_id, entry.business_event_id,
    entry.record_kind, entry.record_id, entry.correlation_id, entry.lane,
    EXISTS (SELECT 1 FROM delivery_outboundcommand other WHERE other.subject_kind = 'journal'
        AND other.subject_id = entry.id AND other.id <> command.id) AS elsewhere
FROM delivery_outboundcommand command JOIN ledger_journalentry entry
    ON entry.id = command.subject_id
WHERE command.id = ANY(%s) AND command.subject_kind = 'journal'
ORDER BY command.id FOR UPDATE OF command
"""
_NEWEST: Final = """
SELECT max(entry.revision) AS revision FROM ledger_journalentry entry
WHERE entry.legal_entity_id = %s AND entry.lane = %s AND entry.document_type = %s
    AND entry.business_key = %s
"""


@dataclass(frozen=True, slots=True)
class Rebooked:
    """A refused command, the command that takes its place, and the entry that it posts."""

    command_id: int
    by_command: int
    entry_id: int
    connection_id: int


def rebook(command_ids: Sequence[int]) -> tuple[list[Rebooked], list[str]]:
    """
    What was booked again, and why others were not. In the caller's transaction, which wakes the
    connections once it has committed.

    Only the accounts of tax lines follow the maps. Schedules keep the accounts that they began
    with, so that what was deferred is earned from the same account.
    """
    able, refused = _planned(command_ids, _with_todays_accounts)
    return _write(able, "Booked again by newer maps."), list(refused.values())


def move(
    command_ids: Sequence[int], *, dated: Mapping[int, date], reason: str
) -> tuple[list[Rebooked], dict[int, str]]:
    """
    Like ``rebook``, on the day that ``dated`` gives for a legal entity's id: the entry keeps its
    accounts and its document's own day. What it undoes is undone on its own day while that period
    is open here, else on the new one. Why others were not, by command.
    """
    able, refused = _planned(command_ids, _on_a_later_day(dated))
    return _write(able, reason), refused


def moves(
    command_ids: Sequence[int], *, dated: Mapping[int, date]
) -> tuple[list[Again], dict[int, str]]:
    """What ``move`` would do, and what it would refuse. Locks, and writes nothing."""
    return _planned(command_ids, _on_a_later_day(dated))


@dataclass(frozen=True, slots=True)
class Again:
    """An entry whose place another one takes: what undoes it, and the other one."""

    place: Any
    undone: JournalDraft
    new: JournalDraft
    own: EntityBooks


_Anew = Callable[[JournalDraft, EntityBooks, Any], JournalDraft]


class _Refused(ValueError):
    """The entry stays as it is; the message says why."""


def _planned(command_ids: Sequence[int], anew: _Anew) -> tuple[list[Again], dict[int, str]]:
    places = sql.rows(_PLACES, (list(command_ids),))
    sql.lock_objects(f"reverse:{place.id}" for place in places)
    standing = ledger.standing_by_id([place.id for place in places])
    books = all_books()
    refused: dict[int, str] = {}
    able: list[Again] = []
    for place in places:
        held = standing.get(place.id)
        own = books[place.legal_entity_id]
        why = _why_not(place) if held else f"JE-{place.id} undoes another entry, or is undone."
        if held is None or why:
            refused[place.command_id] = why
            continue
        try:
            new = anew(held.draft, own, place)
            if not own.period_of(new.accounting_date)[1].open:
                raise _Refused(f"The period of {new.accounting_date} is closed in our books.")
        except (MappingMissing, PeriodMissing, _Refused) as refusal:
            refused[place.command_id] = str(refusal)
            continue
        here = own.period_of(held.draft.accounting_date)[1].open
        day = held.draft.accounting_date if here else new.accounting_date
        (undone,) = reversals.void([held.draft], on=day, business_key=held.draft.business_key)
        able.append(Again(place, undone, new, own))
    return able, refused


def _with_todays_accounts(held: JournalDraft, own: EntityBooks, place: Any) -> JournalDraft:
    draft = _mapped(held, own, place)
    if draft.lines == _named(held, place.payload).lines:
        raise _Refused("The maps still name the same tax accounts.")
    return draft


def _on_a_later_day(dated: Mapping[int, date]) -> _Anew:
    def later(held: JournalDraft, own: EntityBooks, place: Any) -> JournalDraft:
        on = dated.get(own.id)
        if on is None or on <= held.accounting_date:
            raise _Refused(f"{own.legal_entity} has no later period that is open.")
        moved = _named(held, place.payload).dated_later(on)
        return replace(moved, revision=_newest(held, place) + 1)

    return later


def _why_not(place: Any) -> str:
    if place.state != "exception" or place.code in ("duplicate", "conflict"):
        return "The ERP may hold it, or it goes on by itself."
    if place.drafted_id or place.unknown_since is not None:
        return "It may have left something in the ERP."
    if place.elsewhere:
        return "Another system was asked to keep this entry, too."
    return ""


def _named(draft: JournalDraft, payload: str) -> JournalDraft:
    """With the customers' names as the ERP was told them: entries keep ids alone."""
    stated: Any = strict_json.loads(payload)
    customers = [line["customer"] for line in stated["lines"] if line["customer"]]
    names = {customer["id"]: customer["name"] for customer in customers}
    lines = [replace(line, customer_name=names.get(line.customer_id, "")) for line in draft.lines]
    return replace(draft, lines=tuple(lines))


def _mapped(draft: JournalDraft, own: EntityBooks, place: Any) -> JournalDraft:
    """The same fact with the tax accounts of today's maps. Raises MappingMissing."""
    dated = own.on(draft.accounting_date)
    named = _named(draft, place.payload)
    lines = [
        replace(line, account=dated.tax_account(line.tax_code)) if line.tax_code else line
        for line in named.lines
    ]
    return replace(
        named, lines=tuple(lines), revision=_newest(draft, place) + 1,
        mapping_version=own.mapping_version,
    )  # fmt: skip


def _newest(draft: JournalDraft, place: Any) -> int:
    found = sql.one(
        _NEWEST, (place.legal_entity_id, place.lane, draft.document_type, draft.business_key)
    )
    assert found is not None
    return int(found.revision)


def _write(able: Sequence[Again], reason: str) -> list[Rebooked]:
    if not able:
        return []
    ids = iter(sql.new_ids("ledger_journalentry", 2 * len(able)))
    undone: list[NewEntry] = []
    again: list[NewEntry] = []
    for one in able:
        place, own = one.place, one.own
        undone.append(_entry(next(ids), one.undone, own, place, reverses_id=place.id))
        again.append(_entry(next(ids), one.new, own, place, event_id=place.business_event_id))
    ledger.record([*undone, *again])
    row = sql.one("SELECT now() AS now")
    assert row is not None
    LINKS.insert(
        [
            (one.record_kind, one.record_id, "journal", one.id, row.now)
            for one in (*undone, *again)
            if one.record_id is not None
        ],
        "ON CONFLICT DO NOTHING",
    )
    delivery.supersede([one.place.command_id for one in able], reason=reason)
    orders = dispatch.orders(again, {one.own.id: one.own for one in able})
    delivery.enqueue(orders)
    by_entry = {
        order.subject_id: (command_id, order.connection_id)
        for order, command_id in zip(orders, delivery.ids_of(orders), strict=True)
    }
    return [
        Rebooked(old.place.command_id, by_entry[one.id][0], one.id, by_entry[one.id][1])
        for old, one in zip(able, again, strict=True)
        if one.id in by_entry
    ]


def _entry(
    identity: int, draft: JournalDraft, own: EntityBooks, place: Any, *,
    event_id: int | None = None, reverses_id: int | None = None,
) -> NewEntry:  # fmt: skip
    period_id, period = own.period_of(draft.accounting_date)
    return NewEntry(
        identity, draft, own.id, period_id, period.code, own.mapping_version, event_id,
        place.record_kind, place.record_id, place.correlation_id, reverses_id, place.lane,
    )  # fmt: skip
