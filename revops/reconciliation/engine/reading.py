"""
What both sides hold, in a few statements over whole sides.

Rows that agree one to one by their key are met by one full join and left where they are. All
others, the rest, become rows of a temporary table with what is known about them; they are few, and
everything else looks at them alone. The tables last until the transaction ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from revops.kernel.keys import sha256
from revops.reconciliation.checks.base import COLUMNS
from revops.reconciliation.engine.figures import Total, Totals
from revops.reconciliation.engine.rows import Which
from revops.reconciliation.engine.sides import Scope
from revops.store import sql

BOTH: Final[tuple[Which, Which]] = ("left", "right")

_WORK_MEM: Final = "256MB"

_TABLES: Final = """
DROP TABLE IF EXISTS rec_rest, rec_aside, rec_wanted, rec_joined;
CREATE TEMPORARY TABLE rec_rest (
    side text, item_key text, key text, number text, reference text, group_key text, party text,
    currency text, amount bigint, tax bigint, dated date, period_code text, state text,
    record_kind text, record_id bigint, touched_at timestamptz,
    alone boolean, match_id bigint, twin text, elsewhere date, gone text, before jsonb
) ON COMMIT DROP;
CREATE TEMPORARY TABLE rec_aside (key text) ON COMMIT DROP;
CREATE TEMPORARY TABLE rec_wanted (key text) ON COMMIT DROP
"""

# One pass over a side, which may be shared by several processes of the server.
_TOTALS: Final = """
SELECT currency, count(*) AS count, coalesce(sum(amount), 0)::bigint AS amount,
    count(*) FILTER (WHERE key = '') AS keyless,
    sum(hash_record_extended(ROW(item_key::text, key::text, currency::text, amount::bigint,
        tax::bigint, dated::date, period_code::text, state::text), 11)) AS fold
FROM ({side}) AS side GROUP BY currency ORDER BY currency
"""
# Few rows come out of a pass over a side; the planner would expect all of them.
_FEW: Final = "SET LOCAL parallel_tuple_cost = 0"
# So many keys fit into a statement, which then needs no table of this session alone.
INLINE: Final = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """Both sides by currency. ``touched`` rows were looked at, None when all of them."""

    left: Totals
    right: Totals
    touched: int | None = None

    @property
    def evidence(self) -> str:
        """The same for the same rows, however they were read."""
        told = [
            (which, currency, total.count, total.amount, total.fold)
            for which, totals in (("left", self.left), ("right", self.right))
            for currency, total in sorted(totals.items())
        ]
        return sha256(repr(told))


def prepare() -> None:
    """Make the tables of this run. Within a transaction."""
    sql.once(f"SET LOCAL work_mem = '{_WORK_MEM}'")
    sql.once(_FEW)
    for statement in _TABLES.split(";"):
        sql.once(statement)


def read(scope: Scope, *, keyed: bool, wanted: bool) -> Read:
    """
    Fill ``rec_rest``. ``keyed``: rows of one key on both sides that agree are left aside.
    ``wanted``: only rows whose key is in ``rec_wanted``, or that have none, are looked at.
    """
    left, right = (_totals(scope, which) for which in BOTH)
    if not keyed:
        for which in BOTH:
            sql.once(_insert(which, f"({scope.select(which)})", "true"))
    else:
        _aside(scope, wanted=wanted)
        _join(scope, wanted=wanted)
        for which, totals in zip(BOTH, (left, right), strict=True):
            _fetch(scope, which, any(total.keyless for total in totals.values()))
    sql.once("ANALYZE rec_rest")
    touched = None
    if wanted:
        touched = sql.once("SELECT count(*) AS count FROM rec_wanted")[0].count
    return Read(left, right, touched)


def _totals(scope: Scope, which: Which) -> Totals:
    found = sql.once(_TOTALS.format(side=scope.select(which)))
    return {row.currency: Total(row.count, row.amount, row.keyless, int(row.fold)) for row in found}


def _only(wanted: bool) -> str:
    return "AND s.key IN (SELECT key FROM rec_wanted)" if wanted else ""


def _aside(scope: Scope, *, wanted: bool) -> None:
    """Keys that a side has twice, and keys of rows that a match holds."""
    # Counting by key hands every row on; the index has them in their order already.
    sql.once("SET LOCAL parallel_tuple_cost = DEFAULT")
    for which in BOTH:
        # A new table, as several processes of the server may fill that together.
        sql.once("DROP TABLE IF EXISTS rec_twice")
        sql.once(
            "CREATE TEMPORARY TABLE rec_twice ON COMMIT DROP AS "  # noqa: S608  our own literals
            f"SELECT key FROM ({scope.select(which)}) AS s "
            f"WHERE key <> '' {_only(wanted)} GROUP BY key HAVING count(*) > 1"
        )
        sql.once("INSERT INTO rec_aside SELECT key FROM rec_twice")
        if _holds(scope, which):
            sql.once(
                f"INSERT INTO rec_aside SELECT key FROM ({scope.select(which)}) AS s "  # noqa: S608  our own literals
                f"WHERE key <> '' {_only(wanted)} AND item_key IN ({_held(scope, which)})"
            )
    sql.once("ANALYZE rec_aside")
    sql.once(_FEW)


def _held(scope: Scope, which: Which) -> str:
    return sql.literal(
        "SELECT item_key FROM reconciliation_matchitem "
        "WHERE pair_id = %(pair)s AND side = %(side)s AND standing",
        {"pair": scope.pair_id, "side": which},
    )


def _holds(scope: Scope, which: Which) -> bool:
    return bool(sql.once(f"SELECT 1 FROM ({_held(scope, which)}) AS held LIMIT 1"))  # noqa: S608  our own literals


def _join(scope: Scope, *, wanted: bool) -> None:
    """One full join; what agrees does not come out of it."""
    aside = _not_aside()
    sides = {
        which: f"(SELECT * FROM ({scope.select(which)}) AS s "  # noqa: S608  our own SELECTs
        f"WHERE key <> '' {_only(wanted)} {aside})"
        for which in BOTH
    }
    # Keys only: the few rows behind them are fetched by their index, and the join stays narrow.
    sql.once(
        "CREATE TEMPORARY TABLE rec_joined ON COMMIT DROP AS "  # noqa: S608  our own literals
        "SELECT coalesce(l.key, r.key) AS key, l.key IS NULL OR r.key IS NULL AS alone "
        f"FROM {sides['left']} AS l FULL JOIN {sides['right']} AS r ON l.key = r.key "
        f"WHERE l.key IS NULL OR r.key IS NULL OR {_differs(scope)}"
    )
    sql.once("INSERT INTO rec_joined SELECT DISTINCT key, NULL::boolean FROM rec_aside")
    sql.once("ANALYZE rec_joined")


def _not_aside() -> str:
    """Written into the statement where there are few: a temporary table keeps helpers away."""
    keys = [row.key for row in sql.once(f"SELECT DISTINCT key FROM rec_aside LIMIT {INLINE + 1}")]  # noqa: S608  our own literals
    if not keys:
        return ""
    if len(keys) <= INLINE:
        return sql.literal("AND s.key <> ALL (%(keys)s::text[])", {"keys": sorted(keys)})
    return "AND NOT EXISTS (SELECT FROM rec_aside AS a WHERE a.key = s.key)"


def _differs(scope: Scope) -> str:
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


def _fetch(scope: Scope, which: Which, keyless: bool) -> None:
    """The rows of the keys that are left, and those without a key."""
    side = scope.select(which)
    if keyless:
        sql.once(_insert(which, f"(SELECT * FROM ({side}) AS s WHERE key = '')", "true"))  # noqa: S608  our own literals
    met = f"(SELECT s.*, j.alone FROM rec_joined AS j JOIN ({side}) AS s ON s.key = j.key)"  # noqa: S608  our own literals
    sql.once(_insert(which, met, "alone"))


def _insert(which: Which, source: str, alone: str) -> str:
    columns = ", ".join(name for name in COLUMNS if name != "record_id")
    return (
        f"INSERT INTO rec_rest (side, {columns}, record_id, alone) SELECT '{which}', {columns}, "  # noqa: S608  our own literals
        f"NULLIF(record_id::text, '')::bigint, {alone} FROM {source} AS s"
    )
