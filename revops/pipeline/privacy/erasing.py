"""
A person is forgotten, and the books stay whole.

Wherever a personal text stands it becomes ``[erased]``: in records, raw payloads, events of ours,
cases, comments, and details of the audit trail. Rows, ids, amounts and hashes stay, so threads
show, journals tie and the chain verifies. What the law keeps with the books (journals, what was
sent to an ERP, attempts) is guarded by the database, left as it is, and counted.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import DatabaseError, connection, transaction

from revops.audit.operations import nothing_to_record, record, recorded
from revops.kernel.actor import Actor
from revops.kernel.keys import sha256
from revops.pipeline.privacy.places import ERASED, Place, Terms, places
from revops.store import sql


class EraseRefused(ValueError):
    """It is not done as it was asked for; the message says why."""


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


@recorded
def erase(*, terms: Terms, reason: str, by: Actor, dry_run: bool = False) -> Erased:
    """
    Erase a person, known by ``terms``, everywhere; with ``dry_run`` say what would be.

    The act in the trail names them by a digest alone. Raises EraseRefused for a reason that says
    nothing, or that names the person.
    """
    why = " ".join(reason.split())
    if len(why) < 10:
        raise EraseRefused("Say why, in a sentence: a request's number, for example.")
    if terms.stand_in(why):
        raise EraseRefused("The reason names the person. It stays; write it without.")
    done = Erased()
    try:
        with transaction.atomic():
            for place in places():
                _erase_at(place, terms, done)
            found = sql.rows(
                "SELECT seq FROM audit_event WHERE detail ~* %s ORDER BY seq", (terms.pattern(),)
            )
            done.acts = [row.seq for row in found]
            if dry_run:
                raise _OnlyLooking
            seq = record(
                "person.erase", by=by, kind="person", reason=why,
                reference=f"sha256:{sha256(terms.texts[0].lower())[:16]}",
                after={"acts": done.acts, "rows": done.rows, "kept_by_law": done.kept},
            )  # fmt: skip
            sql.rows("SELECT audit_erase(%s::bigint[], %s)", (done.acts, seq))
    except _OnlyLooking:
        nothing_to_record("it was only looked at")
    return done


def _erase_at(place: Place, terms: Terms, done: Erased) -> None:
    """What the database refuses to change is kept by law, and counted."""
    try:
        with transaction.atomic():
            count = _erase_octets(place, terms) if place.form == "bytes" else _erase(place, terms)
        if count:
            done.rows[str(place)] = count
    except DatabaseError:
        kept = _count(place, terms)
        if not kept:
            raise
        done.kept[str(place)] = kept


def _erase(place: Place, terms: Terms) -> int:
    column = f'"{place.column}"'
    cast = {"json": "jsonb", "text": f"varchar({place.length})" if place.length else "text"}
    # Names are those of our own models.
    statement = (
        f"UPDATE {place.table} SET {column} = regexp_replace({column}::text, %s, %s, 'gi')"  # noqa: S608
        f"::{cast[place.form]} WHERE {column}::text ~* %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [terms.pattern(), ERASED, terms.pattern()])
        return int(cursor.rowcount)


def _erase_octets(place: Place, terms: Terms) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT "{place.key}", "{place.column}" FROM {place.table} '  # noqa: S608  as above
            f"WHERE encode(\"{place.column}\", 'escape') ~* %s",
            [terms.bytes_pattern()],
        )
        count = 0
        for key, held in cursor.fetchall():
            text = bytes(held).decode("utf-8", "surrogateescape")
            body = terms.cut(text).encode("utf-8", "surrogateescape")
            if body != bytes(held):
                cursor.execute(
                    f'UPDATE {place.table} SET "{place.column}" = %s '  # noqa: S608  as above
                    f'WHERE "{place.key}" = %s',
                    [body, key],
                )
                count += 1
        return count


def _count(place: Place, terms: Terms) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT count(*) FROM {place.table} WHERE "{place.column}"::text ~* %s',  # noqa: S608
            [terms.pattern()],
        )
        return int(cursor.fetchone()[0])
