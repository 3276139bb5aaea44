"""
Both sides met by their key, in one statement: what agrees is added up, what does not is told by its
key. A temporary table, ``rec_met``, has a row for the pairs of each currency; those of one currency
and none have no counterpart.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.engine import folding
from revops.reconciliation.engine.figures import Totals
from revops.reconciliation.engine.rows import Which
from revops.reconciliation.engine.sides import Scope
from revops.store import sql

# Both sides are counted by themselves, too, at the same moment: a key that a side has twice meets
# the other side's row twice, and only then does the join hold more rows than the side has.
_MEET: Final = """
CREATE TEMPORARY TABLE rec_met ON COMMIT DROP AS
SELECT 'met' AS told, l_currency, r_currency, count(l_fold) AS l_count,
    sum(l_amount) AS l_amount, sum(l_fold) AS l_fold, count(r_fold) AS r_count,
    sum(r_amount) AS r_amount, sum(r_fold) AS r_fold,
    array_agg(key) FILTER (WHERE differs) AS keys
FROM (
    SELECT coalesce(l.key, r.key)::text AS key,
        l.fold IS NULL OR r.fold IS NULL OR {differs} AS differs,
        l.currency::text AS l_currency, r.currency::text AS r_currency, l.amount AS l_amount,
        r.amount AS r_amount, l.fold AS l_fold, r.fold AS r_fold
    FROM (SELECT s.*, {fold} AS fold FROM ({left}) AS s) AS l
    FULL JOIN (SELECT s.*, {fold} AS fold FROM ({right}) AS s) AS r ON NULLIF(l.key, '') = r.key
) AS pairs
GROUP BY l_currency, r_currency
UNION ALL
SELECT 'left', NULL, NULL, count(*), 0, 0, 0, 0, 0, NULL FROM ({left}) AS s
UNION ALL
SELECT 'right', NULL, NULL, 0, 0, 0, count(*), 0, 0, NULL FROM ({right}) AS s
"""

# The left side met more often than it has rows: the right has keys twice; and the other way round.
_MANY: Final = """
SELECT coalesce(sum(r_count) FILTER (WHERE told = 'met'), 0)
        > coalesce(sum(r_count) FILTER (WHERE told = 'right'), 0) AS left,
    coalesce(sum(l_count) FILTER (WHERE told = 'met'), 0)
        > coalesce(sum(l_count) FILTER (WHERE told = 'left'), 0) AS right
FROM rec_met
"""
_JOINED: Final = """
CREATE TEMPORARY TABLE rec_joined ON COMMIT DROP AS
SELECT coalesce(met.key, aside.key) AS key,
    CASE WHEN aside.key IS NULL THEN met.alone END AS alone
FROM (
    SELECT one.key, bool_or(l_currency IS NULL OR r_currency IS NULL) AS alone
    FROM rec_met, unnest(keys) AS one (key) WHERE one.key <> '' GROUP BY one.key
) AS met
FULL JOIN (SELECT DISTINCT key FROM rec_aside) AS aside ON aside.key = met.key
"""

# Rows of a key that the other side has n times were met n times.
_TOO_MUCH: Final = """
SELECT row.side, row.currency, -sum(other.many - 1)::bigint AS count,
    -sum((other.many - 1) * row.amount)::bigint AS amount,
    -sum((other.many - 1)::numeric * {fold}) AS fold
FROM rec_rest AS row
JOIN (SELECT side, key, count(*) AS many FROM rec_rest WHERE key <> '' GROUP BY side, key
    HAVING count(*) > 1) AS other ON other.key = row.key AND other.side <> row.side
GROUP BY row.side, row.currency
"""


def meet(scope: Scope) -> None:
    """
    Make ``rec_joined``, the keys of what is left: what differs, what a side has twice, and what a
    match holds. ``alone`` is whether the other side lacks it, NULL where that is yet to be seen.
    """
    sql.once("DROP TABLE IF EXISTS rec_met, rec_aside, rec_joined")
    left, right = scope.select("left"), scope.select("right")
    sql.once(_MEET.format(left=left, right=right, differs=differs(scope), fold=folding.fold("s")))
    sql.once("CREATE TEMPORARY TABLE rec_aside (key text) ON COMMIT DROP")
    many = sql.once(_MANY)[0]
    for which in ("left", "right"):
        if getattr(many, which):
            _twice(scope.select(which))
        _held(scope, which)
    sql.once(_JOINED)
    sql.once("ANALYZE rec_joined")


def keyless(which: Which) -> bool:
    """Whether the side that was met has rows without a key."""
    asked = f"SELECT 1 FROM rec_met WHERE {which[0]}_count > 0 AND '' = ANY (keys)"  # noqa: S608  our own literals
    return bool(sql.once(asked))


def totals() -> tuple[Totals, Totals]:
    """What both sides add up to, once ``rec_rest`` has all rows of the keys that are left."""
    found: dict[str, Totals] = {"left": {}, "right": {}}
    for which in found:
        of = which[0]
        met = sql.once(
            f"SELECT {of}_currency AS currency, sum({of}_count)::bigint AS count, "  # noqa: S608  our own literals
            f"sum({of}_amount)::bigint AS amount, sum({of}_fold) AS fold FROM rec_met "
            f"WHERE told = 'met' AND {of}_count > 0 GROUP BY 1"
        )
        for row in met:
            found[which] = folding.added(
                found[which], row.currency, row.count, row.amount, int(row.fold)
            )
    for row in sql.once(_TOO_MUCH.format(fold=folding.fold("row"))):
        found[row.side] = folding.added(
            found[row.side], row.currency, row.count, row.amount, int(row.fold)
        )
    return found["left"], found["right"]


def _twice(side: str) -> None:
    # Counting by key hands every row on; the index has them in their order already.
    sql.once("SET LOCAL parallel_tuple_cost = DEFAULT")
    sql.once(
        f"INSERT INTO rec_aside SELECT key FROM ({side}) AS s "  # noqa: S608  our own literals
        "WHERE key <> '' GROUP BY key HAVING count(*) > 1"
    )
    sql.once("SET LOCAL parallel_tuple_cost = 0")


def _held(scope: Scope, which: Which) -> None:
    """Keys of rows that a standing match holds."""
    held = sql.literal(
        "SELECT item_key FROM reconciliation_matchitem "
        "WHERE pair_id = %(pair)s AND side = %(side)s AND standing",
        {"pair": scope.pair_id, "side": which},
    )
    if sql.once(f"SELECT 1 FROM ({held}) AS held LIMIT 1"):  # noqa: S608  our own literals
        sql.once(
            f"INSERT INTO rec_aside SELECT key FROM ({scope.select(which)}) AS s "  # noqa: S608  our own literals
            f"WHERE key <> '' AND item_key IN ({held})"
        )


def differs(scope: Scope) -> str:
    """
    When a pair is looked at: whenever something that is compared is not the same. Whether that is
    a break is decided later, row by row.
    """
    compares = scope.check.compares
    told = ["l.amount <> r.amount"]
    if "currency" in compares:
        told.append("l.currency <> r.currency")
    if "tax" in compares:
        told.append("l.tax <> r.tax")
    if "period_code" in compares:
        told.append("(l.period_code <> r.period_code AND '' NOT IN (l.period_code, r.period_code))")
    if "dated" in compares and scope.days_within is not None:
        told.append(f"abs(l.dated - r.dated) > {scope.days_within}")
    if "state" in compares:
        told.append(_states(scope) if scope.check.states else "l.state <> r.state")
    return " OR ".join(told)


def _states(scope: Scope) -> str:
    said = [
        sql.literal(
            "(l.state = %(left)s AND NOT (r.state = ANY (%(right)s)))",
            {"left": left, "right": sorted(right)},
        )
        for left, right in sorted(scope.check.states.items())
    ]
    return f"({' OR '.join(said)})"
