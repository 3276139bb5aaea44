"""
What the last run read of both sides, key by key, so that the next one has to read only what
changed: the totals of a side are what they were, less what its changed keys were, plus what they
are now.

A side's rows are packed into parts by a hash of their id, some sixteen to a part, as arrays of
that hash, the hash of their key, amount and fold (``Kept``); ``Footing`` has what they add up to
and which run that was. Both tables are unlogged: a server that went down has neither, and the next
run makes them anew.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from revops.reconciliation.engine import folding
from revops.reconciliation.engine.figures import Total, Totals
from revops.reconciliation.engine.reading import BOTH, Read
from revops.reconciliation.engine.rows import Which
from revops.reconciliation.engine.sides import Scope
from revops.store import sql

_A_PART: Final = 16
_LEAST_PARTS: Final = 64

_ITEM: Final = "hashtextextended({row}.item_key::text, 11)"
_KEY: Final = "hashtextextended({row}.key::text, 11)"
_SCOPE: Final = """pair_id = %(pair)s AND legal_entity_id = %(entity)s
    AND period_code = %(period)s"""

_FIND: Final = f"""
SELECT id, parts, totals::text AS totals FROM reconciliation_footing
WHERE {_SCOPE} AND run_id = %(run)s
"""  # noqa: S608  our own literals
_SAVE: Final = """
INSERT INTO reconciliation_footing (pair_id, legal_entity_id, period_code, run_id, parts, totals)
VALUES (%(pair)s, %(entity)s, %(period)s, %(run)s, %(parts)s, %(totals)s)
ON CONFLICT (pair_id, legal_entity_id, period_code) DO UPDATE SET
    run_id = excluded.run_id, parts = excluded.parts, totals = excluded.totals
RETURNING id
"""
# A run from the ground that read the same confirms what was kept; else it is of no use any more.
_CONFIRM: Final = f"""
UPDATE reconciliation_footing SET run_id = %(run)s WHERE {_SCOPE} AND totals = %(totals)s::jsonb
"""  # noqa: S608  our own literals

# Of a period that is closed nothing changes any more.
_CLOSED: Final = """
SELECT footing.id FROM reconciliation_footing AS footing
JOIN mappings_accountingperiod AS period ON period.legal_entity_id = footing.legal_entity_id
    AND period.code = footing.period_code
WHERE period.state = 'closed'
"""
_CLEAR: Final = "DELETE FROM reconciliation_kept WHERE footing_id = %s"
_BUILD: Final = """
WITH made AS (
    INSERT INTO reconciliation_kept (
        footing_id, side, part, currency, items, keys, amounts, folds)
    SELECT {footing}, '{which}', part, currency, array_agg(item), array_agg(key),
        array_agg(amount), array_agg(fold)
    FROM (
        SELECT item, (item & {mask})::integer AS part, currency, key, amount, fold
        FROM (SELECT {item} AS item, {key} AS key, s.currency, s.amount, {fold} AS fold
            FROM ({side}) AS s OFFSET 0) AS hashed
    ) AS rows
    GROUP BY part, currency
    RETURNING currency, cardinality(items) AS count,
        (SELECT sum(one) FROM unnest(amounts) AS one) AS amount,
        (SELECT sum(one) FROM unnest(folds) AS one) AS fold
)
SELECT currency, sum(count)::bigint AS count, sum(amount)::bigint AS amount, sum(fold) AS fold
FROM made GROUP BY currency
"""

# Rows that may read differently: of the keys that are wanted, and those that left them.
_ITEMS: Final = """
CREATE TEMPORARY TABLE rec_items ON COMMIT DROP AS
SELECT side, ({item} & {mask})::integer AS part, array_agg({item}) AS items FROM (
    SELECT side, item_key FROM rec_rest UNION SELECT side, item_key FROM rec_touched) AS row
GROUP BY 1, 2
"""
_WAS: Final = """
CREATE TEMPORARY TABLE rec_was ON COMMIT DROP AS
SELECT kept.side, kept.part, kept.currency, one.*
FROM rec_items AS p
JOIN reconciliation_kept AS kept
    ON kept.footing_id = {footing} AND kept.part = p.part AND kept.side = p.side
CROSS JOIN LATERAL unnest(kept.items, kept.keys, kept.amounts, kept.folds)
    AS one (item, key, amount, fold)
WHERE one.item = ANY (p.items)
"""
_NOTHING: Final = "CREATE TEMPORARY TABLE rec_was (amount bigint) ON COMMIT DROP"
_STRANGE: Final = """
SELECT 1 FROM rec_was WHERE key NOT IN (SELECT {key} FROM rec_wanted AS w) LIMIT 1
"""
_CHANGED: Final = """
CREATE TEMPORARY TABLE rec_changed ON COMMIT DROP AS
SELECT side, part, currency, item, key, amount, fold, sum(sign) AS sign FROM (
    SELECT 1 AS sign, row.side, ({item} & {mask})::integer AS part, row.currency, {item} AS item,
        {key} AS key, row.amount, {fold} AS fold
    FROM rec_rest AS row JOIN rec_wanted AS w ON w.key = row.key AND w.lot = 0
    UNION ALL SELECT -1, side, part, currency, item, key, amount, fold FROM rec_was
) AS told
GROUP BY side, part, currency, item, key, amount, fold HAVING sum(sign) <> 0
"""
_DIFFERENCE: Final = """
SELECT side, currency, sum(sign)::bigint AS count, sum(sign * amount)::bigint AS amount,
    sum(sign * fold::numeric) AS fold
FROM rec_changed GROUP BY side, currency
"""
_REPACK: Final = """
WITH gone AS (
    DELETE FROM reconciliation_kept AS kept
    USING (SELECT DISTINCT side, part, currency FROM rec_changed) AS c
    WHERE kept.footing_id = {footing} AND kept.side = c.side AND kept.part = c.part
        AND kept.currency = c.currency
    RETURNING kept.side, kept.part, kept.currency, kept.items, kept.keys, kept.amounts, kept.folds
)
INSERT INTO reconciliation_kept (footing_id, side, part, currency, items, keys, amounts, folds)
SELECT {footing}, side, part, currency, array_agg(item), array_agg(key), array_agg(amount),
    array_agg(fold)
FROM (
    SELECT gone.side, gone.part, gone.currency, one.*
    FROM gone, unnest(gone.items, gone.keys, gone.amounts, gone.folds)
        AS one (item, key, amount, fold)
    WHERE NOT EXISTS (SELECT FROM rec_changed AS c WHERE c.sign < 0 AND c.side = gone.side
        AND c.currency = gone.currency AND c.item = one.item AND c.fold = one.fold)
    UNION ALL
    SELECT side, part, currency, item, key, amount, fold FROM rec_changed WHERE sign > 0
) AS rows
GROUP BY side, part, currency
"""


@dataclass(frozen=True, slots=True)
class Footing:
    """What both sides added up to in the last run, and into how many parts its rows are packed."""

    id: int
    left: Totals
    right: Totals
    parts: int

    @property
    def mask(self) -> int:
        return self.parts - 1


def find(scope: Scope, run_id: int) -> Footing | None:
    """What was kept of that run; None when nothing was."""
    row = sql.one(_FIND, {**_values(scope), "run": run_id})
    if row is None:
        return None
    told = json.loads(row.totals)
    left, right = (
        {code: Total(*map(int, held)) for code, held in told[which].items()} for which in BOTH
    )
    return Footing(row.id, left, right, row.parts)


def build(scope: Scope, rows: int, run_id: int) -> Footing:
    """Read both sides and keep what they hold; ``rows`` is about how many there are."""
    parts = _LEAST_PARTS
    while parts * _A_PART * 2 < rows:
        parts *= 2
    id = _save(scope, run_id, parts, "{}")
    sql.run(_CLEAR, (id,))
    left, right = (_pack(scope, which, id, parts) for which in BOTH)
    return Footing(id, left, right, parts)


def nothing() -> None:
    """No row was anything."""
    sql.once("DROP TABLE IF EXISTS rec_was")
    sql.once(_NOTHING)


def recall(footing: Footing) -> bool:
    """What the rows at hand were: ``rec_was``. False when one had a key that is not wanted."""
    sql.once("DROP TABLE IF EXISTS rec_items, rec_was")
    sql.once(_ITEMS.format(item=_ITEM.format(row="row"), mask=footing.mask))
    sql.once("ANALYZE rec_items")
    sql.once(_WAS.format(footing=footing.id))
    sql.once("ANALYZE rec_was")
    return not sql.once(_STRANGE.format(key=_KEY.format(row="w")))


def advance(footing: Footing) -> Footing:
    """The footing with what those rows are now, which is all in ``rec_rest``."""
    sql.once("DROP TABLE IF EXISTS rec_changed")
    item, key, fold = _ITEM.format(row="row"), _KEY.format(row="row"), folding.fold("row")
    sql.once(_CHANGED.format(item=item, key=key, mask=footing.mask, fold=fold))
    totals = {"left": footing.left, "right": footing.right}
    sql.once("ANALYZE rec_changed")
    changed = sql.once(_DIFFERENCE)
    for row in changed:
        totals[row.side] = folding.added(
            totals[row.side], row.currency, row.count, row.amount, int(row.fold)
        )
    if changed:
        sql.once(_REPACK.format(footing=footing.id))
    return replace(footing, left=totals["left"], right=totals["right"])


def save(scope: Scope, footing: Footing, run_id: int) -> None:
    """What is kept is what this run read."""
    _save(scope, run_id, footing.parts, _json(footing.left, footing.right))


def confirm(scope: Scope, read: Read, run_id: int) -> None:
    """What is kept stands when a run from the ground read the same."""
    values = {"run": run_id, "totals": _json(read.left, read.right)}
    sql.run(_CONFIRM, {**_values(scope), **values})


def forget_closed() -> None:
    """Keep nothing of periods that are closed. Within a transaction."""
    for row in sql.once(_CLOSED):
        sql.run(_CLEAR, (row.id,))
        sql.run("DELETE FROM reconciliation_footing WHERE id = %s", (row.id,))


def _save(scope: Scope, run_id: int, parts: int, totals: str) -> int:
    row = sql.one(_SAVE, {**_values(scope), "run": run_id, "parts": parts, "totals": totals})
    assert row is not None
    return int(row.id)


def _pack(scope: Scope, which: Which, footing_id: int, parts: int) -> Totals:
    statement = _BUILD.format(
        footing=footing_id, which=which, mask=parts - 1, item=_ITEM.format(row="s"),
        key=_KEY.format(row="s"), fold=folding.fold("s"), side=scope.select(which),
    )  # fmt: skip
    return {
        row.currency: Total(row.count, row.amount, int(row.fold)) for row in sql.once(statement)
    }


def _values(scope: Scope) -> dict[str, Any]:
    return {"pair": scope.pair_id, "entity": scope.entity_id, "period": scope.period_code}


def _json(left: Totals, right: Totals) -> str:
    told = {
        which: {code: [one.count, one.amount, one.fold] for code, one in totals.items()}
        for which, totals in (("left", left), ("right", right))
    }
    return json.dumps(told, sort_keys=True)
