"""Who is above whom, and a parent that a person sets where no system decides it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accounts.models import User
from revops.canonical.identity.finder import LOCK
from revops.canonical.operations import history
from revops.canonical.operations.matrix import matrix
from revops.store import sql

# A longer way up is a circle.
_HIGHEST: Final = 50


class CannotLink(Exception):
    """The hierarchy stays as it is; the message says why, to the person."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A customer on the way up."""

    id: int
    name: str

    def __str__(self) -> str:
        return self.name or f"customer {self.id}"


def above(party_id: int) -> list[Standing]:
    """The customers above it, the nearest first."""
    return [
        Standing(row.id, row.name) for row in sql.rows(_ABOVE, {"id": party_id, "most": _HIGHEST})
    ]


def owner_of_parent(party_id: int) -> str:
    """
    The label of the system that decides who is above this customer; empty when a person may: the
    console owns the field, or nobody was named and no system has said anything of it.
    """
    row = sql.one(_PLACE, {"id": party_id})
    assert row is not None
    rule = matrix().rule("customer", "parent", row.entity_id if row.entities == 1 else None)
    if rule is not None:
        owner = sql.one("SELECT label FROM connectors_connection WHERE id = %s", (rule.owner_id,))
        return "" if owner is None else str(owner.label)
    return str(row.said or "")


def set_parent(*, by: User, party_id: int, parent_id: int | None, at: datetime) -> None:
    """
    Put a customer under another one, or under none. The caller has authorized the person and holds
    the transaction. Raises CannotLink: a system decides it, a circle, or a customer that is gone.
    """
    sql.lock_objects([LOCK])
    wanted = [party_id] if parent_id is None else [party_id, parent_id]
    rows = {row.id: row for row in sql.rows(_BOTH, (wanted,))}
    if len(rows) < len(set(wanted)):
        raise CannotLink("There is no such customer any more.")
    if parent_id == party_id:
        raise CannotLink("A customer cannot be above itself.")
    owner = owner_of_parent(party_id)
    if owner:
        raise CannotLink(f"{owner} decides who is above this customer. Change it there.")
    if parent_id is not None and party_id in {one.id for one in above(parent_id)}:
        raise CannotLink(
            f"{rows[party_id].name} is above {rows[parent_id].name} already; "
            "it cannot be below it, too."
        )
    before = rows[party_id].parent_id
    if before == parent_id:
        return
    sql.run(
        "UPDATE canonical_party SET parent_id = %s, updated_at = %s WHERE id = %s",
        (parent_id, at, party_id),
    )
    history.write([("party", party_id, "parent", as_json(before), as_json(parent_id), None, 0)],
                  at, by=by.name)  # fmt: skip


def as_json(party_id: int | None) -> str:
    """How the history writes who is above."""
    return "null" if party_id is None else str(party_id)


_ABOVE: Final = """
WITH RECURSIVE up AS (
    SELECT parent.id, parent.name, parent.parent_id, 1 AS height
    FROM canonical_party own JOIN canonical_party parent ON parent.id = own.parent_id
    WHERE own.id = %(id)s
    UNION ALL
    SELECT parent.id, parent.name, parent.parent_id, up.height + 1
    FROM up JOIN canonical_party parent ON parent.id = up.parent_id WHERE up.height < %(most)s
)
SELECT id, name FROM up ORDER BY height
"""
_PLACE: Final = """
SELECT count(DISTINCT customer.legal_entity_id) AS entities,
    min(customer.legal_entity_id) AS entity_id,
    (SELECT connection.label FROM canonical_customer told
     JOIN canonical_customer upper ON upper.id = told.parent_id AND upper.party_id <> told.party_id
     JOIN connectors_connection connection ON connection.id = told.connection_id
     WHERE told.party_id = %(id)s ORDER BY told.created_at, told.id LIMIT 1) AS said
FROM canonical_customer customer WHERE customer.party_id = %(id)s
"""
_BOTH: Final = """
SELECT id, name, parent_id FROM canonical_party
WHERE id = ANY(%s) AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE
"""
