"""Change sets: rows put into a draft, taken out again, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import transaction

from accounts.models import User
from accounts.queries import actor_of, authorize
from revops.audit.operations import record, recorded
from revops.kernel import clock
from revops.mappings.changing import Change, Slot
from revops.mappings.kinds import Known, MapKind, get
from revops.mappings.models import (
    ChangeRow,
    ChangeSet,
    SetState,
)
from revops.mappings.operations.checking import Checked, check
from revops.mappings.queries import slots_of
from revops.store import sql

MOST_ROWS: Final = 5_000
EDITABLE: Final = (SetState.DRAFT, SetState.SENT_BACK)
_LOCK: Final = 8_306_112_004_773


class SetRefused(ValueError):
    """Nothing was changed; the message says why. ``checked`` has what is wrong by row."""

    def __init__(self, sentence: str, checked: Checked | None = None) -> None:
        self.checked = checked
        super().__init__(sentence)


def change_of(row: ChangeRow) -> Change:
    """The row as the deciding core takes it."""
    dated = get(row.change_set.kind).dated
    since = row.since if dated else date.min
    return Change(row.op, row.entity, row.key, since, row.until, row.values)


def looked_at(change_set: ChangeSet, *, keys: Collection[str] | None = None) -> Checked:
    """Every row of the set against the maps as they are now."""
    kind = get(change_set.kind)
    rows = change_set.rows.select_related("change_set").order_by("position")
    changes = [change_of(row) for row in rows]
    return check(kind, changes, held=slots_of(kind), known=Known.now(), keys=keys)


@recorded
def put(
    *,
    kind: MapKind,
    changes: Sequence[Change],
    by: User,
    set_id: int | None = None,
    source: str = "",
    keys: Collection[str] | None = None,
) -> ChangeSet:
    """
    Put rows into a draft of the person's: the one that is named, the one that was sent back with
    such a row, their newest of this kind, or a new one (always for a file, which has a
    ``source``). A row takes the place of one for the same
    entity, key and first day. Nothing is saved unless all of it makes sense.

    Raises NotAllowed, and SetRefused with what is wrong.
    """
    by = authorize(by, "mappings.propose", entities=sorted({one.entity for one in changes} - {""}))
    with transaction.atomic():
        _one_at_a_time(f"{kind.slug}:{by.pk}")
        held = None if source else _draft(kind, by, set_id, changes)
        before = [change_of(row) for row in held.rows.order_by("position")] if held else []
        named = {_name(one) for one in changes}
        rows = [*(one for one in before if _name(one) not in named), *changes]
        if not changes or len(rows) > MOST_ROWS:
            raise SetRefused(f"A change set has 1 to {MOST_ROWS:,} rows; this one has {len(rows)}.")
        checked = check(kind, rows, held=slots_of(kind), known=Known.now(), keys=keys)
        if not checked.good:
            checked.problems = checked.problems[len(rows) - len(changes) :]
            raise SetRefused("Some of it cannot be: nothing was saved.", checked)
        entities = _entities(kind, rows, checked)
        authorize(by, "mappings.propose", entities=entities)
        now = clock.now()
        if held is None:
            held = ChangeSet(kind=kind.slug, made_by=by, made_at=now, source=source[:200])
        held.entities, held.changed_at = entities, now
        held.preview, held.previewed_at = {}, None
        held.save()
        _write(held, rows, checked)
        record(
            "maps.draft", by=actor_of(by), kind="change set", reference=str(held),
            label=kind.label, entity=entities[0] if len(entities) == 1 else "",
            after={"rows": [_said(one) for one in changes[:50]], "count": len(rows)},
        )  # fmt: skip
    return held


@recorded
def take_out(*, set_id: int, position: int, by: User) -> ChangeSet:
    """Take one row out of a draft of one's own. Raises NotAllowed and SetRefused."""
    with transaction.atomic():
        held = editable(set_id, by)
        authorize(by, "mappings.propose", entities=held.entities)
        gone = held.rows.filter(position=position).first()
        if gone is None:
            raise SetRefused("The row is not in it any more.")
        said = _said(change_of(gone))
        gone.delete()
        kind = get(held.kind)
        rows = [change_of(row) for row in held.rows.order_by("position")]
        held.entities = _entities(kind, rows, looked_at(held)) if rows else []
        held.preview, held.previewed_at, held.changed_at = {}, None, clock.now()
        held.save()
        record(
            "maps.draft", by=actor_of(by), kind="change set", reference=str(held),
            label=kind.label, before=said,
        )  # fmt: skip
    return held


@recorded
def discard(*, set_id: int, by: User) -> ChangeSet:
    """Give a draft of one's own up. Raises NotAllowed and SetRefused."""
    with transaction.atomic():
        held = editable(set_id, by)
        authorize(by, "mappings.propose", entities=held.entities)
        if held.state == SetState.SENT_BACK:
            raise SetRefused("It was sent back: take the request back on its own page.")
        settle(held, SetState.DISCARDED, f"{by.name} discarded it.")
        record(
            "maps.discarded", by=actor_of(by), kind="change set", reference=str(held),
            label=get(held.kind).label,
        )  # fmt: skip
    return held


def editable(set_id: int, user: User) -> ChangeSet:
    """The draft, locked; only who made it edits it. Raises DoesNotExist and SetRefused."""
    held = ChangeSet.objects.select_for_update().get(pk=set_id)
    if held.made_by_id != user.pk:
        raise SetRefused(f"{held} is {held.made_by.name}’s. Put the row into one of your own.")
    if held.state not in EDITABLE:
        raise SetRefused(
            f"{held} is {held.get_state_display().lower()} and is not edited any more."
        )
    return held


def settle(held: ChangeSet, state: SetState, outcome: str) -> None:
    """What became of it, in the caller's transaction."""
    held.state, held.outcome, held.settled_at = state, outcome, clock.now()
    held.save()


def _draft(
    kind: MapKind, by: User, set_id: int | None, changes: Sequence[Change]
) -> ChangeSet | None:
    if set_id is not None:
        held = editable(set_id, by)
        if held.kind != kind.slug:
            raise SetRefused(f"{held} is of {get(held.kind).label}. One set has one kind of map.")
        return held
    mine = ChangeSet.objects.select_for_update().filter(kind=kind.slug, made_by=by)
    named = [one.key for one in changes]
    back = ChangeRow.objects.filter(
        change_set__kind=kind.slug, change_set__state=SetState.SENT_BACK, change_set__made_by=by,
        key__in=named, entity__in=[one.entity for one in changes],
    )  # fmt: skip
    again = mine.filter(pk__in=back.values("change_set")).order_by("-pk").first()
    return again or mine.filter(state=SetState.DRAFT, source="").order_by("-pk").first()


def _write(held: ChangeSet, rows: Sequence[Change], checked: Checked) -> None:
    held.rows.all().delete()
    ChangeRow.objects.bulk_create(
        (
            ChangeRow(
                change_set=held,
                position=position,
                op=one.op,
                entity=one.entity,
                key=one.key,
                since=None if one.since == date.min else one.since,
                until=one.until,
                values=dict(one.values),
                before=[_slot_said(slot) for slot in before],
            )
            for position, (one, before) in enumerate(zip(rows, checked.before, strict=True), 1)
        ),
        batch_size=500,
    )


def _entities(kind: MapKind, rows: Iterable[Change], checked: Checked) -> list[str]:
    """The legal entities that a set touches: of its rows, and what their values said and say."""
    found = {one.entity for one in rows}
    for column in kind.values:
        if column.sort == "entity":
            found |= {one.values.get(column.name, "") for one in rows}
            found |= {slot.values.get(column.name, "") for held in checked.before for slot in held}
    return sorted(found - {""})


def _name(one: Change) -> tuple[str, str, date | None]:
    return one.entity, one.key, one.since


def _said(one: Change) -> dict[str, Any]:
    return {
        "op": one.op, "entity": one.entity, "key": one.key, "since": _iso(one.since),
        "until": _iso(one.until), "values": dict(one.values),
    }  # fmt: skip


def _slot_said(slot: Slot) -> Mapping[str, Any]:
    return {
        "since": _iso(slot.since), "until": _iso(slot.last), "values": dict(slot.values)
    }  # fmt: skip


def _iso(day: date | datetime | None) -> str:
    return "" if day is None or day == date.min else day.isoformat()


def _one_at_a_time(name: str) -> None:
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended(%s, 11))", (name,))
