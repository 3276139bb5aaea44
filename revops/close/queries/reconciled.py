"""
What the reconciliations say of a close: which ran, which breaks need somebody, who signed. What
was signed by a reviewer is decided: its breaks are settled, explained, or carried with a yes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from revops.close.areas import area_of
from revops.close.queries.periods import Closing
from revops.reconciliation.checks import registry
from revops.reconciliation.checks.registry import CheckUnknown
from revops.reconciliation.operations.pairs import possible
from revops.store import sql

_RECONCILED: Final = """
WITH asked AS (
    SELECT * FROM unnest(%(entities)s::bigint[], %(after)s::timestamptz[], %(due)s::bool[])
        AS asked (entity_id, after, due)
), used AS (
    SELECT pair_id, legal_entity_id AS entity_id FROM reconciliation_run
    WHERE legal_entity_id = ANY(%(entities)s)
    UNION
    SELECT pair.id, asked.entity_id FROM reconciliation_pair pair CROSS JOIN asked
    WHERE pair.enabled AND asked.due AND NOT EXISTS (
        SELECT 1 FROM unnest(ARRAY[pair.left_id, pair.right_id]) AS side (id)
        WHERE side.id IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM mappings_entitymap map WHERE map.connection_id = side.id
                AND map.legal_entity_id = asked.entity_id)
            AND NOT EXISTS (SELECT 1 FROM mappings_erproute route
                WHERE route.connection_id = side.id AND route.legal_entity_id = asked.entity_id)
            AND NOT EXISTS (SELECT 1 FROM reconciliation_holding held
                WHERE held.connection_id = side.id AND held.legal_entity_id = asked.entity_id))
), latest AS (
    SELECT DISTINCT ON (pair_id, legal_entity_id) pair_id, legal_entity_id AS entity_id, number,
        began_at, figures = '{}' AS empty
    FROM reconciliation_run
    WHERE period_code = %(period)s AND legal_entity_id = ANY(%(entities)s) AND state = 'done'
    ORDER BY pair_id, legal_entity_id, id DESC
), signed AS (
    SELECT pair_id, legal_entity_id AS entity_id, count(*) AS names,
        bool_or(role = 'reviewer') AS reviewed
    FROM reconciliation_signoff
    WHERE period_code = %(period)s AND legal_entity_id = ANY(%(entities)s)
        AND suspended_at IS NULL
    GROUP BY 1, 2
), open AS (
    SELECT pair_id, legal_entity_id AS entity_id, currency, type, count(*) AS breaks,
        sum(greatest(abs(at_stake), abs(difference)))::bigint AS money
    FROM reconciliation_break
    WHERE NOT (state = 'settled') AND state = 'open' AND period_code = %(period)s
        AND legal_entity_id = ANY(%(entities)s)
    GROUP BY 1, 2, 3, 4
)
SELECT used.entity_id, pair.id AS pair_id, pair.check_slug, latest.number,
    latest.began_at >= asked.after AS fresh, coalesce(latest.empty, false) AS empty,
    coalesce(signed.names, 0) AS names,
    coalesce(signed.reviewed, false) AS reviewed, open.currency, open.type,
    coalesce(open.breaks, 0) AS breaks, coalesce(open.money, 0) AS money
FROM used JOIN asked USING (entity_id)
JOIN reconciliation_pair pair ON pair.id = used.pair_id AND pair.enabled
LEFT JOIN latest USING (pair_id, entity_id)
LEFT JOIN signed USING (pair_id, entity_id)
LEFT JOIN open USING (pair_id, entity_id)
ORDER BY pair.id
"""

_PAIRED: Final = "SELECT id FROM reconciliation_pair LIMIT 1"


@dataclass(slots=True)
class Reconciled:
    """
    Of one legal entity: ``pairs`` that compare anything of it, how many did not run since the
    period ended, how many lack a signature, and breaks that need somebody, by area. Where neither
    side lists anything there is nothing to put a name under. ``uncompared`` counts, by area, what
    is connected and was never compared for the period, once that has begun and until it is closed.
    """

    pairs: set[int] = field(default_factory=set)
    stale: set[int] = field(default_factory=set)
    unsigned: set[int] = field(default_factory=set)
    breaks: dict[str, int] = field(default_factory=dict)
    money: dict[str, dict[str, int]] = field(default_factory=dict)
    areas: set[str] = field(default_factory=set)
    uncompared: dict[str, int] = field(default_factory=dict)


def reconciled(closings: Sequence[Closing], *, at: datetime) -> Mapping[int, Reconciled]:
    """By legal entity's id, one statement."""
    due = {one.entity_id: not one.closed and one.began(at) for one in closings}
    made = {one.entity_id: Reconciled() for one in closings}
    if not closings:
        return made
    rows = sql.rows(
        _RECONCILED,
        {
            "entities": list(made), "period": closings[0].code,
            "after": [one.over_at for one in closings], "due": list(due.values()),
        },
    )  # fmt: skip
    if not rows and any(due.values()) and sql.one(_PAIRED) is None:
        # Nobody has looked at what is connected yet: the first look makes the pairs.
        for check, *sides in possible():
            if any(sides):
                for entity_id in (one for one, is_due in due.items() if is_due):
                    held = made[entity_id]
                    held.areas.add(check.area)
                    held.uncompared[check.area] = held.uncompared.get(check.area, 0) + 1
    for row in rows:
        held, area = made[row.entity_id], checked_area(row.check_slug)
        known = row.pair_id in held.pairs
        held.pairs.add(row.pair_id)
        held.areas.add(area)
        if not row.fresh:
            held.stale.add(row.pair_id)
        if row.number is None and due[row.entity_id]:
            # A row for each currency and type of what was carried into it.
            if not known:
                held.uncompared[area] = held.uncompared.get(area, 0) + 1
        elif row.names < 2 and (row.breaks or not row.empty):
            held.unsigned.add(row.pair_id)
        if row.breaks and not row.reviewed:
            area = area_of(f"break_{row.type}", compared=area)
            held.areas.add(area)
            held.breaks[area] = held.breaks.get(area, 0) + row.breaks
            sums = held.money.setdefault(area, {})
            sums[row.currency] = sums.get(row.currency, 0) + row.money
    return made


def checked_area(slug: str) -> str:
    """The area that a check's breaks are of, unless ``areas.area_of`` knows better."""
    try:
        return registry.get(slug).area
    except CheckUnknown:
        return "erp_posting"
