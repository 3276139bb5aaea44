"""Putting a change set into force: the rows of the map, and the version that they belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.db.backends.postgresql.psycopg_any import DateRange

from revops.audit.operations import record
from revops.kernel.actor import acting, system
from revops.mappings.changing import Slot
from revops.mappings.kinds import CONSOLE, Column, Known, MapKind, get
from revops.mappings.models import ChangeSet, LegalEntity, MappingVersion
from revops.mappings.operations.checking import Checked
from revops.mappings.operations.rates import NewRate, RateRefused, publish_rates
from revops.mappings.operations.sets import SetRefused, looked_at
from revops.store import sql

_LOCK: Final = 8_306_112_004_773


def apply(held: ChangeSet, *, by: str, keys: Collection[str] | None = None) -> MappingVersion:
    """
    Put a set into force, as a new version of all maps, in the caller's transaction. What is in the
    books stays as it is. ``by`` is who asked for it.

    Raises SetRefused when the maps have moved on so that it no longer makes sense.
    """
    kind = get(held.kind)
    sql.run("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    list(LegalEntity.objects.select_for_update().filter(code__in=held.entities).order_by("pk"))
    checked = looked_at(held, keys=keys)
    if not checked.good:
        first = next(told for told in checked.problems if told)
        raise SetRefused(f"The maps have changed since: {next(iter(first.values()))}", checked)
    count = held.rows.count()
    note = f"{held}: {count:,} of {kind.label}. {held.reason}"[:300]
    version = MappingVersion.objects.create(note=note, made_by=by)
    if kind.added:
        _publish(held, by)
    else:
        write_rows(kind, checked, version=version)
    held.version = version
    record(
        "maps.change", by=acting().actor or system(by), kind="change set", reference=str(held),
        label=kind.label, entity=held.entities[0] if len(held.entities) == 1 else "",
        after={"version": version.pk, "rows": count},
        reason=held.reason,
    )  # fmt: skip
    return version


def write_rows(kind: MapKind, checked: Checked, *, version: MappingVersion | None) -> int:
    """
    Make the stored map what ``checked`` says, in the caller's transaction; how many rows were
    touched. Without a version they keep, or get, the newest one: only for what is rolled back.
    """
    known = Known.now()
    given = version.pk if version else MappingVersion.objects.latest("pk").pk
    gone: list[int] = []
    changed: list[Any] = []
    made: list[Any] = []
    for place, slots in checked.slots.items():
        entity, key = place
        was = {one.pk: one for one in checked.held[place] if one.pk is not None}
        now = {one.pk: one for one in slots if one.pk is not None}
        gone += [pk for pk in was if pk not in now]
        for pk, slot in now.items():
            if slot != was[pk]:
                same = slot.values == was[pk].values
                columns = {} if same else _stored(kind, entity, key, slot.values, known)
                changed.append((pk, slot, columns))
        for slot in slots:
            if slot.pk is None:
                columns = _stored(kind, entity, key, slot.values, known)
                made.append(kind.model(**columns, **_dated(kind, slot, given)))
    rows = kind.model._default_manager
    rows.filter(pk__in=gone).delete()
    # What is cut goes first: the database refuses two rows for one day at any moment.
    for pk, slot, columns in changed:
        rows.filter(pk=pk).update(**_dated(kind, slot, given if columns else None), **columns)
    rows.bulk_create(made, batch_size=500)
    return len(gone) + len(changed) + len(made)


def _publish(held: ChangeSet, by: str) -> None:
    rates = []
    for row in held.rows.order_by("position"):
        currency, quote, day = row.key.split(".")
        rates.append(
            NewRate(
                currency,
                quote,
                date.fromisoformat(day),
                Decimal(row.values["rate"]),
                row.values["source"],
            )  # fmt: skip
        )
    try:
        publish_rates(rates, by=by)
    except RateRefused as error:
        raise SetRefused(str(error)) from error


def _dated(kind: MapKind, slot: Slot, version: int | None) -> dict[str, Any]:
    if not kind.dated:
        return {}
    found: dict[str, Any] = {"valid": DateRange(slot.since, slot.until)}
    return found if version is None else {**found, "version_id": version}


def _stored(
    kind: MapKind, entity: str, key: str, values: Mapping[str, str], known: Known
) -> dict[str, Any]:
    """The columns of the model's row, but its days and its version. Everything was checked."""
    found: dict[str, Any] = {}
    if not kind.dated:
        connection, _, found["hint"] = key.partition(".")
        found["connection_id"] = known.connections[connection]
    elif kind.whole:
        found["entity_code"] = entity
        found["record_kind"], _, found["field"] = key.partition(".")
    else:
        found["legal_entity_id"] = known.entities[entity]
        if not kind.fixed:
            found |= _column(kind.key, key, known)
    for column in kind.values:
        found |= _column(column, values.get(column.name, ""), known)
    return found


def _column(column: Column, text: str, known: Known) -> dict[str, Any]:
    name = column.path.split("__")[0]
    match column.sort:
        case "entity":
            return {f"{name}_id": known.entities[text]}
        case "account":
            return {f"{name}_id": known.accounts[text]}
        case "connection":
            return {f"{name}_id": None if text == CONSOLE else known.connections[text]}
        case "number":
            return {name: int(text)}
        case "switch":
            return {name: text == "yes"}
        case "choice" if not text:
            return {name: next(iter(column.choices or ("",)))}
    return {name: text}
