"""How sides are read: from a system's own list, or from a table of ours in the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from revops.reconciliation.checks.base import COLUMNS, Side

_LISTED: Final = """
FROM reconciliation_holding held
WHERE held.connection_id = %(connection)s AND held.kind = '{kind}' AND held.gone_in_id IS NULL
    AND held.legal_entity_id = %(entity)s AND {dated}
"""
_HELD: Final = {
    "item_key": "held.external_id",
    "key": "held.key",
    "number": "coalesce(nullif(held.number, ''), held.external_id)",
    "reference": "held.reference",
    "group_key": "held.group_key",
    "party": "held.party",
    "currency": "held.currency",
    "amount": "held.amount",
    "tax": "held.tax",
    "dated": "held.dated",
    "state": "held.state",
    "touched_at": "held.touched_at",
}
_NONE: Final = {
    "number": "''",
    "reference": "''",
    "group_key": "''",
    "party": "''",
    "tax": "NULL::bigint",
    "period_code": "''",
    "state": "''",
    "record_kind": "''",
    "record_id": "NULL::bigint",
}

# Rows that stand as long as they are, such as customers, have no day that would select them.
STANDING: Final = "held.dated <= %(ends)s"
_OF_THE_DAYS: Final = "held.dated BETWEEN %(starts)s AND %(ends)s"


def listed(
    label: str, kind: str, role: str, *, where: str = "", standing: bool = False, **columns: str
) -> Side:
    """
    What a system lists of a kind; ``columns`` say in SQL what differs from the row as it was
    listed, ``where`` which of its rows count.
    """
    dated = STANDING if standing else _OF_THE_DAYS
    rest = _LISTED.format(kind=kind, dated=dated) + (f"    AND {where}\n" if where else "")
    return Side(label=label, query=select({**_HELD, **columns}) + rest, kind=kind, role=role)


def ours(label: str, rest: str, **columns: str) -> Side:
    """What our own tables hold: ``rest`` is the statement from FROM on."""
    return Side(label=label, query=select(columns) + rest)


def select(columns: Mapping[str, str]) -> str:
    """All of ``COLUMNS`` in their order; what is not given is empty."""
    given = {**_NONE, **columns}
    return "SELECT " + ",\n    ".join(f"{given[name]} AS {name}" for name in COLUMNS)


def states(column: str, words: Mapping[str, str]) -> str:
    """A system's states in common words; what is not named stays as it is. Lower case counts."""
    cases = " ".join(f"WHEN '{theirs}' THEN '{common}'" for theirs, common in words.items())
    return f"CASE lower({column}) {cases} ELSE lower({column}) END"
