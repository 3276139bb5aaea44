"""One case for a command, whatever its target says no with the next time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from exceptions import kinds
from exceptions.findings import Finding
from revops.store import sql

_CARRY_ON: Final = """
WITH told AS (
    SELECT DISTINCT ON (told.command) told.* FROM unnest(%s::bigint[], %s::text[], %s::text[],
        %s::text[]) AS told (command, kind, fingerprint, team)
), agreed AS (
    SELECT held.id, held.command_id FROM exceptions_case held JOIN told
        ON told.command = held.command_id
    WHERE NOT (held.state = 'resolved') AND held.kind = ANY(%s)
    ORDER BY held.fingerprint FOR UPDATE OF held
), first AS (
    SELECT DISTINCT ON (command_id) id, command_id FROM agreed ORDER BY command_id, id
)
UPDATE exceptions_case AS held
SET kind = told.kind, fingerprint = told.fingerprint, owner_team = told.team
FROM first JOIN told ON told.command = first.command_id
WHERE held.id = first.id AND held.fingerprint <> told.fingerprint
    AND NOT EXISTS (SELECT 1 FROM exceptions_case other
        WHERE other.fingerprint = told.fingerprint AND NOT (other.state = 'resolved'))
"""


def carry_on(findings: Sequence[Finding], *, among: Collection[str]) -> None:
    """
    What is found of a command that has an unresolved case of another kind is the same story: its
    case takes the new kind and fingerprint, for ``report`` to refresh. ``among`` are the kinds
    that pass into each other. Called within the caller's transaction, before ``report``.
    """
    told = [one for one in findings if one.command_id is not None and one.kind in among]
    if told:
        columns = (
            [one.command_id for one in told],
            [one.kind for one in told],
            [one.fingerprint for one in told],
            [kinds.get(one.kind).team for one in told],
        )
        sql.run(_CARRY_ON, (*columns, sorted(among)))
