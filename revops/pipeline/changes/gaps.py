"""Codes that were used and have no map: what open cases say, with the money that waits for each."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from exceptions.findings import cause_key_of
from exceptions.queries.closes import Endangers, endangers
from exceptions.queries.totals import Sum
from revops.mappings.changing import Change
from revops.mappings.kinds import KINDS, MapKind
from revops.pipeline.problems import NO_HINT, NO_MAP
from revops.store import sql

# What a case says that it lacks (its first fact) → the kind of map.
_KINDS: Final = {
    "Tax code": "tax-codes",
    "SKU": "skus",
    "Account role": "accounts",
    "Rate": "rates",
    "Entity hint": "entities",
}
_BY_SLUG: Final = {kind.slug: kind for kind in KINDS}


@dataclass(slots=True)
class Gap:
    """
    A key without a map in an entity's books; ``entity`` is its code, blank where nobody knows it.
    For a rate, ``key`` is the pair (EUR→USD). ``starts`` is the first day of the earliest period
    that waits for it, where periods are known.
    """

    kind: MapKind
    key: str
    entity: str
    entity_name: str
    cause_key: str
    system: str
    first_at: datetime
    held: Sum = field(default_factory=Sum)
    endangers: Endangers | None = None
    starts: date | None = None

    @property
    def weight(self) -> int:
        return sum(abs(money.minor) for money in self.held.amounts)

    @property
    def place(self) -> tuple[str, str, str]:
        return self.kind.slug, self.entity, self.key


# One row for each cause, entity, period and currency; what is missing comes from any of its cases.
_GAPS: Final = """
WITH held AS (
    SELECT cause_key, legal_entity_id, period_code, currency, sum(cases)::bigint AS cases,
        sum(at_stake)::bigint AS at_stake
    FROM exceptions_tally WHERE kind = %s AND state <> 'resolved' AND (%s = '' OR cause_key = %s)
    GROUP BY 1, 2, 3, 4 HAVING sum(cases) <> 0
)
SELECT held.*, sample.facts, sample.opened_at, sample.connection_slug, entity.code, entity.name,
    entity.zone, period.starts, period.ends, period.state AS period_state
FROM held
CROSS JOIN LATERAL (
    SELECT facts, opened_at, connection_slug FROM exceptions_case one
    WHERE one.cause_key = held.cause_key AND NOT (state = 'resolved')
    ORDER BY opened_at LIMIT 1
) AS sample
LEFT JOIN mappings_legalentity entity ON entity.id = held.legal_entity_id
LEFT JOIN mappings_accountingperiod period
    ON period.legal_entity_id = held.legal_entity_id AND period.code = held.period_code
"""


def gaps(*, at: datetime, cause_key: str = "") -> list[Gap]:
    """
    Every gap of every kind that the session sees, or those of one cause, the most money first. One
    query.
    """
    found: dict[tuple[str, int | None], Gap] = {}
    for row in sql.rows(_GAPS, (NO_MAP, cause_key, cause_key)):
        named = _named(row)
        if named is None:
            continue
        kind, key = named
        gap = found.get((row.cause_key, row.legal_entity_id))
        if gap is None:
            gap = found[row.cause_key, row.legal_entity_id] = Gap(
                kind, key, row.code or "", row.name or "", row.cause_key,
                row.connection_slug, row.opened_at,
            )  # fmt: skip
        gap.held.add(row.cases, row.currency, row.at_stake)
        if row.starts and (gap.starts is None or row.starts < gap.starts):
            gap.starts = row.starts
        if row.ends and (gap.endangers is None or row.ends < gap.endangers.ends):
            gap.endangers = endangers(
                entity=row.name, zone=row.zone, period=row.period_code, ends=row.ends,
                state=row.period_state, at=at,
            )  # fmt: skip
    return sorted(found.values(), key=lambda one: (-one.weight, -one.held.cases, one.key))


def _named(row: Any) -> tuple[MapKind, str] | None:
    """Which key of which map a cause lacks; None for cases from before they said so."""
    for label, value in json.loads(row.facts):
        if label in _KINDS:
            kind = _BY_SLUG[_KINDS[label]]
            hint = "" if value == NO_HINT else value
            return kind, f"{row.connection_slug}.{hint}" if kind.slug == "entities" else value
    return None


def causes_of(kind: MapKind, changes: Iterable[Change], *, own: dict[str, str]) -> set[str]:
    """
    The causes whose cases a set may clear. ``own`` gives each entity's functional currency. What
    is only for one code is found by that code; ``*`` by whatever its entity lacks.
    """
    found: set[str] = set()
    for one in changes:
        if one.op != "set":
            continue
        for parts in _parts(kind, one, own):
            found.add(cause_key_of(NO_MAP, parts))
    return found


def _parts(kind: MapKind, one: Change, own: dict[str, str]) -> list[str]:
    if kind.slug == "entities":
        connection, _, hint = one.key.partition(".")
        return [f"entity|{connection}|{hint or NO_HINT}"]
    if kind.slug == "rates":
        currency, quote, _ = one.key.split(".")
        pairs = [(currency, quote), (quote, currency)]
        return [
            f"rate|{first}→{second}|{entity}"
            for first, second in pairs
            for entity, functional in own.items()
            if functional == second
        ]
    return [f"{kind.gap}|{one.key}|{one.entity}"] if kind.gap else []
