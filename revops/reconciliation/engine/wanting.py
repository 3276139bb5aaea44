"""
Which keys a run has to look at when it looks only at what changed: ``rec_wanted``. What is not
among them reads as it did, and so does what was found of it.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from revops.reconciliation.engine.reading import BOTH
from revops.reconciliation.engine.rows import Which
from revops.reconciliation.engine.sides import EVER, Scope
from revops.store import sql

# Lot 0 may read differently; later lots are looked at because of others, and read as they did.
_INTO: Final = "INSERT INTO rec_wanted (key, lot) "
_ONCE: Final = " ON CONFLICT DO NOTHING"

_TOUCHED: Final = """
INSERT INTO rec_touched SELECT '{which}', s.item_key, s.key FROM ({side}) AS s
WHERE s.touched_at >= {since}
"""
_LISTED: Final = """
INSERT INTO rec_touched
SELECT %(which)s, held.external_id, told.key FROM reconciliation_holding AS held,
    LATERAL (VALUES (held.key), (held.before ->> 'key')) AS told (key)
WHERE held.connection_id = %(connection)s AND held.kind = %(kind)s AND held.touched_at >= %(since)s
    AND told.key IS NOT NULL
"""

_MOVED: Final = "SELECT key, 0 FROM rec_touched WHERE key IS NOT NULL UNION SELECT '', 0"

# Rows that a match holds, or held until a moment ago.
_ITEMS: Final = """
SELECT item.item_key FROM reconciliation_matchitem AS item
JOIN reconciliation_match AS match ON match.id = item.match_id
WHERE item.pair_id = %(pair)s AND item.side = %(side)s
    AND (item.standing OR match.released_at >= %(since)s)
"""
_HELD: Final = "SELECT s.key, 0 FROM ({side}) AS s WHERE s.item_key IN ({items})"

# What has no counterpart may turn with the clock: the other list was read before the row changed.
_STANDING: Final = """
SELECT DISTINCT key, {lot} FROM reconciliation_break AS held
WHERE held.pair_id = %(pair)s AND held.legal_entity_id = %(entity)s
    AND held.period_code = %(period)s AND NOT (held.state = 'settled') AND {which}
"""
_ALL: Final = "true"
_BY_THE_CLOCK: Final = """held.type = 'timing'
    AND (held."left" = '[]' OR held.promised_by_id IS NOT NULL OR held.expected_by <= {day})"""

# A row without a counterpart may have a twin, or be one: rows of one amount are looked at together.
_ALIKE: Final = """('[]' IN (held."left", held."right")) AND held.at_stake IN (
    SELECT abs(amount) FROM rec_rest UNION SELECT abs(amount) FROM rec_was)"""


def touched(scope: Scope, since: datetime) -> None:
    """The rows that changed, came or left since then, with their keys: ``rec_touched``."""
    stamp = sql.literal("%(since)s::timestamptz", {"since": since})
    for which in BOTH:
        ever = scope.select(which, days=EVER)
        sql.once(_TOUCHED.format(which=which, side=ever, since=stamp))
        side, connection = scope.side(which), scope.connection(which)
        if side.kind and connection is not None:
            values = {"connection": connection, "kind": side.kind, "since": since, "which": which}
            sql.once(sql.literal(_LISTED, values))


def want(scope: Scope, since: datetime, *, today: date, all: bool) -> None:
    """
    What may read differently than it did before ``since``: what was touched, what has no key, what
    matches hold or held, and breaks that the clock may change; ``all`` breaks on a new day.
    """
    touched(scope, since)
    sql.once(_INTO + _MOVED + _ONCE)
    for which in BOTH:
        _held(scope, which, since)
    day = sql.literal("%(day)s::date", {"day": today + timedelta(days=1)})
    _standing(scope, 0, _ALL if all else _BY_THE_CLOCK.format(day=day))
    sql.once("ANALYZE rec_wanted")


def alike(scope: Scope, lot: int) -> bool:
    """Want breaks that stand alone and have the amount of a row at hand; whether there were any."""
    before = _count()
    _standing(scope, lot, _ALIKE)
    return _count() > before


def count() -> int:
    """How many keys are looked at."""
    return _count() - 1


def _count() -> int:
    return int(sql.once("SELECT count(*) AS count FROM rec_wanted")[0].count)


def _held(scope: Scope, which: Which, since: datetime) -> None:
    items = sql.literal(_ITEMS, {"pair": scope.pair_id, "side": which, "since": since})
    if sql.once(f"SELECT 1 FROM ({items}) AS items LIMIT 1"):  # noqa: S608  our own literals
        sql.once(_INTO + _HELD.format(side=scope.select(which), items=items) + _ONCE)


def _standing(scope: Scope, lot: int, which: str) -> None:
    values = {"pair": scope.pair_id, "entity": scope.entity_id, "period": scope.period_code}
    sql.once(sql.literal(_INTO + _STANDING.format(lot=lot, which=which) + _ONCE, values))
