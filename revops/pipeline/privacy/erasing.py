"""
A person is forgotten, and the books stay whole.

Wherever a personal text stands it becomes ``[erased]``: in records, raw payloads, events of ours,
cases, comments, and details of the audit trail. Rows, ids, amounts and hashes stay, so threads
show, journals tie and the chain verifies. What the law keeps with the books (journals, what was
sent to an ERP, attempts) is guarded by the database, left as it is, and counted.

It takes two people (``privacy.asking``). A worker does it, some thousand rows a transaction, and
says in the row how far it is, so that another one goes on where it stopped.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from django.db import DatabaseError, connection, transaction
from psycopg.sql import SQL, Composable, Identifier, Literal

from revops.audit.models import Erasure
from revops.audit.operations import record
from revops.kernel import clock
from revops.kernel.actor import system
from revops.kernel.keys import sha256
from revops.pipeline.privacy.places import ERASED, Place, Terms, places
from revops.store import sql

_CHUNK = 20_000
# The application's roles may not update some tables at all, whatever is in them.
_NOT_PERMITTED = "42501"
_CAST = {"json": SQL("jsonb"), "text": SQL("text")}


class NotAgreed(ValueError):
    """Nobody has agreed to this erasure, or it is over; the message says which."""


@dataclass(slots=True)
class Erased:
    """How many rows, by column; ``acts`` are those of the trail whose detail is gone."""

    rows: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)
    acts: list[int] = field(default_factory=list)

    @property
    def total(self) -> int:
        return sum(self.rows.values()) + len(self.acts)


class _OnlyLooking(Exception):
    pass


def look(terms: Terms) -> Erased:
    """What would be erased and what is kept by law, now. Nothing is changed."""
    done = Erased()
    try:
        with transaction.atomic():
            for place in places():
                _erase_at(place, terms, done, part=None)
            done.acts = _acts(terms)
            raise _OnlyLooking
    except _OnlyLooking:
        return done


def carry_out(number: int, *, seconds: float | None = None) -> Erasure:
    """
    Do what two people agreed to, or as much of it as there are ``seconds`` for (None: all of it,
    however long it takes). The last step is the act
    in the trail, which names the person by a digest alone; then the terms are forgotten, too.

    Raises NotAgreed, and Erasure.DoesNotExist.
    """
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        with transaction.atomic():
            held = Erasure.objects.select_for_update().get(pk=number)
            if held.state == Erasure.State.DONE:
                return held
            if held.state != Erasure.State.AGREED or not held.terms:
                raise NotAgreed(f"{held} is {held.get_state_display().lower()}.")
            _step(held)
        if until is not None and time.monotonic() >= until:
            return held


def carry_out_what_waits(*, seconds: float) -> int:
    """Every erasure that was agreed to; how many there were."""
    agreed = Erasure.objects.filter(state=Erasure.State.AGREED).order_by("pk")
    waiting = list(agreed.values_list("pk", flat=True))
    until = time.monotonic() + seconds
    for number in waiting:
        carry_out(number, seconds=until - time.monotonic())
    return len(waiting)


def _step(held: Erasure) -> None:
    """The next some thousand rows, or the end."""
    terms = Terms.of(held.terms or [])
    done = Erased(held.progress.get("rows", {}), held.progress.get("kept", {}))
    over: list[str] = held.progress.setdefault("over", [])
    place = next((one for one in places() if str(one) not in over), None)
    if place is None:
        _finish(held, terms, done)
        return
    part = _part(place, held.progress.get("after", 0)) if place.numbered else None
    _erase_at(place, terms, done, part=part)
    if part is None or part[1] is None:
        over.append(str(place))
        held.progress["after"] = 0
    else:
        held.progress["after"] = part[1]
    held.progress |= {"rows": done.rows, "kept": done.kept}
    held.save(update_fields=["progress"])


def _finish(held: Erasure, terms: Terms, done: Erased) -> None:
    done.acts = _acts(terms)
    seq = record(
        "person.erase", by=system("erasure", "Erasure that two people agreed to"), kind="person",
        reference=f"sha256:{sha256(terms.texts[0].lower())[:16]}", reason=held.reason,
        on_behalf=held.asked_by,
        after={
            "acts": done.acts, "rows": done.rows, "kept_by_law": done.kept, "erasure": str(held),
            "asked_by": held.asked_by, "agreed_by": held.agreed_by, "request": held.request,
        },
    )  # fmt: skip
    sql.rows("SELECT audit_erase(%s::bigint[], %s)", (done.acts, seq))
    held.terms, held.state, held.act = None, Erasure.State.DONE, seq
    held.ended_at = clock.now()
    held.save(update_fields=["terms", "state", "act", "ended_at"])


def _acts(terms: Terms) -> list[int]:
    found = sql.rows(
        "SELECT seq FROM audit_event WHERE detail ~* %s ORDER BY seq", (terms.pattern(),)
    )
    return [row.seq for row in found]


Part = tuple[int, int | None]
"""Keys above the first and up to the second; None is the end of the table."""


def _part(place: Place, after: int) -> Part:
    statement = SQL(
        "SELECT max(key), count(*) FROM (SELECT {key} AS key FROM {table} WHERE {key} > %s "
        "ORDER BY {key} LIMIT %s) AS part"
    ).format(**_names(place))
    with connection.cursor() as cursor:
        cursor.execute(statement, [after, _CHUNK])
        last, count = cursor.fetchone()
    return after, last if count == _CHUNK else None


def _names(place: Place) -> dict[str, Composable]:
    return {
        "table": Identifier(place.table),
        "key": Identifier(place.key),
        "column": Identifier(place.column),
    }


def _erase_at(place: Place, terms: Terms, done: Erased, *, part: Part | None) -> None:
    """What the database refuses to change is kept by law, and counted."""
    name = str(place)
    try:
        with transaction.atomic():
            erase = _erase_octets if place.form == "bytes" else _erase
            count = erase(place, terms, part)
        if count:
            done.rows[name] = done.rows.get(name, 0) + count
    except DatabaseError as error:
        kept = _count(place, terms, part)
        if kept:
            done.kept[name] = done.kept.get(name, 0) + kept
        elif getattr(error.__cause__, "sqlstate", "") != _NOT_PERMITTED:
            raise


def _within(place: Place, part: Part | None) -> tuple[Composable, list[int]]:
    key = Identifier(place.key)
    if part is None:
        return SQL(""), []
    after, last = part
    if last is None:
        return SQL(" AND {} > %s").format(key), [after]
    return SQL(" AND {} > %s AND {} <= %s").format(key, key), [after, last]


def _erase(place: Place, terms: Terms, part: Part | None) -> int:
    length = place.length
    cast = SQL("varchar({})").format(Literal(length)) if length else _CAST[place.form]
    within, keys = _within(place, part)
    statement = SQL(
        "UPDATE {table} SET {column} = regexp_replace({column}::text, %s, %s, 'gi')::{cast}"
        "{stamp} WHERE {column}::text ~* %s{within}"
    ).format(
        **_names(place), cast=cast, within=within,
        stamp=SQL(", updated_at = clock_timestamp()") if place.stamped else SQL(""),
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, [terms.pattern(), ERASED, terms.pattern(), *keys])
        return int(cursor.rowcount)


def _erase_octets(place: Place, terms: Terms, part: Part | None) -> int:
    within, keys = _within(place, part)
    found = SQL(
        "SELECT {key}, {column} FROM {table} WHERE encode({column}, 'escape') ~* %s{within}"
    ).format(**_names(place), within=within)
    change = SQL("UPDATE {table} SET {column} = %s WHERE {key} = %s").format(**_names(place))
    with connection.cursor() as cursor:
        cursor.execute(found, [terms.bytes_pattern(), *keys])
        count = 0
        for key, held in cursor.fetchall():
            text = bytes(held).decode("utf-8", "surrogateescape")
            body = terms.cut(text).encode("utf-8", "surrogateescape")
            if body != bytes(held):
                cursor.execute(change, [body, key])
                count += 1
        return count


def _count(place: Place, terms: Terms, part: Part | None) -> int:
    within, keys = _within(place, part)
    statement = SQL("SELECT count(*) FROM {table} WHERE {column}::text ~* %s{within}").format(
        **_names(place), within=within
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [terms.pattern(), *keys])
        return int(cursor.fetchone()[0])
