"""
The ownership matrix as the line uses it: who owns a record kind, or a field of it, in whose books.

Read once for a version and kept in memory; a new version is noticed at the next batch.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from revops.canonical.operations.ownership import Rule
from revops.store import sql

_FOREVER = date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The rules that are valid on ``day``. Fields go by their names in docs/canonical.md."""

    day: date
    rules: Mapping[tuple[str, str, str], tuple[tuple[date, date, Rule], ...]] = field(
        default_factory=dict
    )
    codes: Mapping[int, str] = field(default_factory=dict)

    def rule(self, kind: str, name: str, legal_entity_id: int | None) -> Rule | None:
        """
        The narrowest rule: of the field before the whole record, and of the legal entity before
        all. None when nobody was named; then the first system that told is the owner.
        """
        code = self.codes.get(legal_entity_id or 0, "")
        for key in ((name, code), (name, ""), ("", code), ("", "")):
            for since, until, rule in self.rules.get((kind, *key), ()):
                if since <= self.day < until:
                    return rule
        return None

    def writes(self, kind: str, connection_id: int, legal_entity_id: int | None) -> bool:
        """
        Whether the connection may write records of this kind. Customers are told by everybody: each
        system has its own account of them, and only the fields of the customer as one are owned.
        """
        if kind == "customer" or not self.rules:
            return True
        rule = self.rule(kind, "", legal_entity_id)
        return rule is None or rule.owner_id == connection_id


_STAMP = """
SELECT (SELECT coalesce(max(id), 0) FROM mappings_mappingversion) AS version,
    (SELECT coalesce(sum(id * 1000003 + coalesce(owner_id, 0)), 0) FROM mappings_ownershiprule)
        AS rules,
    (SELECT count(*) FROM mappings_legalentity) AS entities,
    current_date AS day
"""
_RULES = """
SELECT record_kind, field, entity_code, owner_id, lower(valid) AS since, upper(valid) AS until
FROM mappings_ownershiprule ORDER BY id
"""
_CODES = "SELECT id, code FROM mappings_legalentity"

_cached: tuple[Any, Matrix] | None = None


def matrix() -> Matrix:
    """Who owns what today, in the newest version."""
    global _cached
    row = sql.one(_STAMP)
    assert row is not None
    stamp = tuple(row)
    if _cached is None or _cached[0] != stamp:
        _cached = (stamp, _load(row.day))
    return _cached[1]


def forget() -> None:
    """Drop what is cached; for tests, whose databases start again."""
    global _cached
    _cached = None


def _load(day: date) -> Matrix:
    rules: dict[tuple[str, str, str], list[tuple[date, date, Rule]]] = defaultdict(list)
    for row in sql.rows(_RULES):
        rules[row.record_kind, row.field, row.entity_code].append(
            (row.since or date.min, row.until or _FOREVER, Rule(row.owner_id))
        )
    codes = {row.id: row.code for row in sql.rows(_CODES)}
    return Matrix(day, {key: tuple(found) for key, found in rules.items()}, codes)
