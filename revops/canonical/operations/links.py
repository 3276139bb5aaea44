"""References to records that somebody else told of: found whichever of the two came first."""

from __future__ import annotations

from collections import defaultdict

from revops.canonical.operations.rows import REFERENCES, Reference
from revops.canonical.operations.tables import Tables
from revops.store import sql


def within(tables: Tables) -> None:
    """Lead references to records of the same system that this batch has in memory; no query."""
    for one in REFERENCES:
        if one.anywhere:
            continue
        parents = tables.of(one.parent)
        for row in (*tables.of(one.child).new(), *tables.of(one.child).changed()):
            ref = getattr(row, one.ref)
            if ref and getattr(row, one.key) is None:
                parent = parents.get(ref)
                if parent is not None:
                    setattr(row, one.key, parent.id)


def across(tables: Tables) -> dict[str, set[int]]:
    """
    Lead what is left to records in the database, both ways, after this batch's rows are written.

    The children that were led to their parents, by kind.
    """
    led: dict[str, set[int]] = defaultdict(set)
    for one in REFERENCES:
        waiting = [
            row.id
            for row in (*tables.of(one.child).new(), *tables.of(one.child).changed())
            if getattr(row, one.ref) and getattr(row, one.key) is None
        ]
        if waiting:
            found = sql.rows(_forth(one, tables), (waiting,))
            led[one.child].update(row.id for row in found)
    parents = {one.parent for one in REFERENCES}
    for kind in sorted(parents):
        arrived = [row.id for row in tables.of(kind).new()]
        if arrived:
            for row in sql.rows(_back(kind, tables), {"ids": arrived}):
                led[row.kind].add(row.id)
    return led


def _forth(one: Reference, tables: Tables) -> str:
    """A child finds its parent; of several systems with the same id, the first connection."""
    child, parent = tables.of(one.child).table, tables.of(one.parent).table
    own = "" if one.anywhere else "AND reference.connection_id = child.connection_id "
    story = ", correlation_id = found.correlation_id" if one.story else ""
    return (
        f"UPDATE {child} AS target SET {one.key} = found.parent_id{story} "  # noqa: S608  own literals
        f"FROM {child} AS child CROSS JOIN LATERAL ("
        "SELECT parent.id AS parent_id, parent.correlation_id "
        "FROM canonical_externalreference reference "
        f"JOIN {parent} parent ON parent.id = reference.record_id "
        f"WHERE reference.external_id = child.{one.ref} {own}"
        f"AND reference.type = '{one.parent}' AND reference.record_kind = '{one.parent}' "
        f"{_other(one)} "
        "ORDER BY reference.connection_id LIMIT 1) AS found "
        "WHERE child.id = ANY(%s) AND target.id = child.id RETURNING target.id"
    )


def _back(kind: str, tables: Tables) -> str:
    """A parent finds the children that came before it: one statement for all their kinds."""
    parts, names = [], []
    parent = tables.of(kind).table
    for number, one in enumerate(each for each in REFERENCES if each.parent == kind):
        own = "" if one.anywhere else "AND child.connection_id = parent.connection_id "
        story = ", correlation_id = parent.correlation_id" if one.story else ""
        names.append(f"SELECT '{one.child}' AS kind, id FROM led{number}")  # noqa: S608  own literals
        parts.append(
            f"led{number} AS (UPDATE {tables.of(one.child).table} AS child "  # noqa: S608  own literals
            f"SET {one.key} = parent.id{story} FROM {parent} parent "
            f"WHERE parent.id = ANY(%(ids)s) AND child.{one.ref} = parent.source_id {own}"
            f"AND child.{one.ref} <> '' AND child.{one.key} IS NULL{_other(one)} "
            "RETURNING child.id)"
        )
    return f"WITH {', '.join(parts)} {' UNION ALL '.join(names)}"


def _other(one: Reference) -> str:
    """A record never leads to itself."""
    return " AND child.id <> parent.id" if one.child == one.parent else ""
