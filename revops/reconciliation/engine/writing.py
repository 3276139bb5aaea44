"""
Breaks as they stand after a run: each kept once, changed when it reads differently, settled when
neither side shows it any more. All set-wise, within the run's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from revops.reconciliation.engine.rows import Found, Row
from revops.reconciliation.engine.sides import Scope
from revops.store import sql

_KEY: Final = 120

_COLUMNS: Final = """fingerprint, key, type, state, left_key, right_key, "left", "right", currency,
    difference, at_stake, reason, expected_by"""
_FOUND: Final = f"""
INSERT INTO rec_found ({_COLUMNS}) SELECT {_COLUMNS}
FROM jsonb_populate_recordset(NULL::rec_found, %s::jsonb) AS found
"""  # noqa: S608  our own literals
# What somebody promised is looked at each time: it depends on the day.
_CHANGED: Final = """
SELECT found.fingerprint FROM rec_found AS found
LEFT JOIN reconciliation_break AS held ON held.pair_id = %(pair)s
    AND held.fingerprint = found.fingerprint AND NOT (held.state = 'settled')
WHERE found.fingerprint = ANY(%(prints)s) AND (
    held.id IS NULL OR held.promised_by_id IS NOT NULL
    OR (held.legal_entity_id, held.period_code, held.key, held.type, held.state, held.left_key,
        held.right_key, held."left", held."right", held.currency, held.difference, held.at_stake,
        held.reason, held.expected_by)
    IS DISTINCT FROM (%(entity)s, %(period)s, found.key, found.type, found.state, found.left_key,
        found.right_key, found."left", found."right", found.currency, found.difference,
        found.at_stake, found.reason, found.expected_by))
"""
_BEFORE: Final = """
SELECT fingerprint, type, state, difference, case_id FROM reconciliation_break
WHERE pair_id = %s AND fingerprint = ANY(%s) AND NOT (state = 'settled')
ORDER BY fingerprint FOR UPDATE
"""

# What somebody promised to clear by a day goes on clearing until then.
_UPSERT: Final = """
INSERT INTO reconciliation_break AS held (
    pair_id, legal_entity_id, period_code, key, type, state, fingerprint, left_key, right_key,
    "left", "right", currency, difference, at_stake, reason, proposal, expected_by, carried,
    first_run_id, last_run_id, opened_at, settled_why
)
SELECT %(pair)s, %(entity)s, %(period)s, found.key, found.type, found.state, found.fingerprint,
    found.left_key, found.right_key, found."left", found."right", found.currency, found.difference,
    found.at_stake, found.reason, '', found.expected_by, 0, %(run)s, %(run)s, %(at)s, ''
FROM rec_found AS found WHERE found.fingerprint = ANY(%(prints)s)
ORDER BY found.fingerprint
ON CONFLICT (pair_id, fingerprint) WHERE NOT (state = 'settled') DO UPDATE SET
    legal_entity_id = EXCLUDED.legal_entity_id, period_code = EXCLUDED.period_code,
    key = EXCLUDED.key, type = EXCLUDED.type, reason = EXCLUDED.reason,
    state = CASE WHEN EXCLUDED.state = 'open' AND held.promised_by_id IS NOT NULL
        AND held.expected_by >= %(today)s THEN 'clearing' ELSE EXCLUDED.state END,
    expected_by = CASE WHEN EXCLUDED.state = 'open' AND held.promised_by_id IS NOT NULL
        AND held.expected_by >= %(today)s THEN held.expected_by ELSE EXCLUDED.expected_by END,
    left_key = EXCLUDED.left_key, right_key = EXCLUDED.right_key, "left" = EXCLUDED."left",
    "right" = EXCLUDED."right", currency = EXCLUDED.currency, difference = EXCLUDED.difference,
    at_stake = EXCLUDED.at_stake, last_run_id = EXCLUDED.last_run_id
RETURNING id, fingerprint, type, state, difference
"""

_SETTLE: Final = """
UPDATE reconciliation_break AS held
SET state = 'settled', settled_at = %(at)s, settled_why = %(why)s
WHERE pair_id = %(pair)s AND legal_entity_id = %(entity)s AND period_code = %(period)s
    AND NOT (state = 'settled') AND match_id IS NULL
    AND NOT EXISTS (SELECT FROM rec_found AS found WHERE found.fingerprint = held.fingerprint)
    {wanted}
RETURNING held.id, held.case_id
"""
# A run of what changed says nothing of breaks whose keys it did not look at.
_WANTED: Final = "AND held.key IN (SELECT key FROM rec_wanted)"

_CARRY: Final = """
UPDATE reconciliation_break AS held SET carried = lived.periods
FROM (
    SELECT broken.id, count(*) AS periods
    FROM reconciliation_break AS broken
    JOIN mappings_accountingperiod AS own ON own.legal_entity_id = broken.legal_entity_id
        AND own.code = broken.period_code
    JOIN mappings_accountingperiod AS later ON later.legal_entity_id = broken.legal_entity_id
        AND later.starts > own.starts AND later.starts <= %(starts)s
    WHERE broken.pair_id = %(pair)s AND broken.legal_entity_id = %(entity)s
        AND NOT (broken.state = 'settled') AND own.starts < %(starts)s
    GROUP BY broken.id
) AS lived
WHERE held.id = lived.id AND held.carried < lived.periods
"""

_STANDING: Final = """
SELECT currency, type, count(*)::int AS count, sum(difference)::bigint AS difference,
    sum(abs(difference))::bigint AS gross
FROM reconciliation_break
WHERE pair_id = %s AND legal_entity_id = %s AND period_code = %s AND NOT (state = 'settled')
GROUP BY currency, type ORDER BY currency, type
"""


@dataclass(frozen=True, slots=True)
class Written:
    """A break as it stands now, with what it was before this run (None: it is new)."""

    id: int
    found: Found
    type: str
    state: str
    was: tuple[str, str, int, int | None] | None

    @property
    def changed(self) -> bool:
        return self.was is None or self.was[:3] != (self.type, self.state, self.found.difference)


def write(
    scope: Scope, found: Sequence[Found], *, run_id: int, at: datetime, today: date
) -> list[Written]:
    """
    Keep these breaks, new ones and those that stood. Told are those that are not as they stood, in
    the order of their fingerprints.
    """
    if not found:
        return []
    by_print = {one.fingerprint: one for one in found}
    sql.run(_FOUND, (json.dumps([_columns(name, one) for name, one in by_print.items()]),))
    values = {
        "pair": scope.pair_id, "entity": scope.entity_id, "period": scope.period_code,
        "run": run_id, "at": at, "today": today, "prints": list(by_print),
    }  # fmt: skip
    changed = sorted(row.fingerprint for row in sql.rows(_CHANGED, values))
    if not changed:
        return []
    before = {
        row.fingerprint: (row.type, row.state, row.difference, row.case_id)
        for row in sql.rows(_BEFORE, (scope.pair_id, changed))
    }
    return [
        Written(row.id, by_print[row.fingerprint], row.type, row.state, before.get(row.fingerprint))
        for row in sql.rows(_UPSERT, values | {"prints": changed})
    ]


def settle(scope: Scope, *, run_id: int, at: datetime, why: str, wanted: bool) -> list[int]:
    """
    Settle what this run looked for and did not find again; ids of the cases that they had.
    ``wanted``: it looked at the keys in ``rec_wanted`` alone.
    """
    values = {
        "pair": scope.pair_id, "entity": scope.entity_id, "period": scope.period_code,
        "run": run_id, "at": at, "why": why,
    }  # fmt: skip
    settled = sql.rows(_SETTLE.format(wanted=_WANTED if wanted else ""), values)
    return [row.case_id for row in settled if row.case_id is not None]


def carry(scope: Scope) -> None:
    """Say of the breaks of earlier periods how many periods they outlived."""
    sql.run(_CARRY, {"pair": scope.pair_id, "entity": scope.entity_id, "starts": scope.starts})


def standing(scope: Scope) -> list[tuple[str, str, int, int, int]]:
    """(currency, type, count, difference, gross) of the breaks of the scope's own period."""
    return [
        tuple(row)
        for row in sql.tuples(_STANDING, (scope.pair_id, scope.entity_id, scope.period_code))
    ]


def _columns(name: str, found: Found) -> dict[str, Any]:
    return {
        "type": found.type, "state": found.state, "fingerprint": name,
        "key": next((row.key[:_KEY] for row in (*found.left, *found.right)), ""),
        "left_key": _key(found.left), "right_key": _key(found.right),
        "left": _items(found.left), "right": _items(found.right), "currency": found.currency,
        "difference": found.difference, "at_stake": found.at_stake, "reason": found.reason,
        "expected_by": found.expected_by.isoformat() if found.expected_by else None,
    }  # fmt: skip


def _key(rows: Iterable[Row]) -> str:
    return next((row.id[:_KEY] for row in rows), "")


def _items(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [row.item().as_json() for row in rows]
