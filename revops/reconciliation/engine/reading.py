"""
What both sides hold, in a few statements over whole sides.

Rows that agree one to one by their key are met by one full join and left where they are; the same
statement adds up both sides. All others, the rest, become rows of a temporary table with what is
known about them; they are few, and everything else looks at them alone. The tables last until the
transaction ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from revops.kernel.keys import sha256
from revops.reconciliation.checks.base import COLUMNS
from revops.reconciliation.engine import folding, meeting
from revops.reconciliation.engine.figures import Totals
from revops.reconciliation.engine.rows import Which
from revops.reconciliation.engine.sides import Scope
from revops.store import sql

BOTH: Final[tuple[Which, Which]] = ("left", "right")

_WORK_MEM: Final = "256MB"

_TABLES: Final = """
DROP TABLE IF EXISTS rec_rest, rec_touched, rec_wanted, rec_found;
CREATE TEMPORARY TABLE rec_rest (
    side text, item_key text, key text, number text, reference text, group_key text, party text,
    currency text, amount bigint, tax bigint, dated date, period_code text, state text,
    record_kind text, record_id bigint, touched_at timestamptz,
    alone boolean, match_id bigint, twin text, elsewhere date, gone text, before jsonb
) ON COMMIT DROP;
CREATE TEMPORARY TABLE rec_touched (side text, item_key text, key text) ON COMMIT DROP;
CREATE TEMPORARY TABLE rec_wanted (key text PRIMARY KEY, lot integer NOT NULL) ON COMMIT DROP;
CREATE TEMPORARY TABLE rec_found (
    fingerprint text PRIMARY KEY, key text, type text, state text, left_key text, right_key text,
    "left" jsonb, "right" jsonb, currency text, difference bigint, at_stake bigint, reason text,
    expected_by date
) ON COMMIT DROP
"""
# Few rows come out of a pass over a side; the planner would expect all of them.
_FEW: Final = "SET LOCAL parallel_tuple_cost = 0"


@dataclass(frozen=True, slots=True)
class Read:
    """Both sides by currency. ``touched`` keys were looked at, None when all of them."""

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


def read(scope: Scope, *, keyed: bool) -> Read:
    """
    Fill ``rec_rest`` from the ground. ``keyed``: rows of one key on both sides that agree are left
    aside.
    """
    if keyed:
        meeting.meet(scope)
        for which in BOTH:
            side = scope.select(which)
            if meeting.keyless(which):
                sql.once(_insert(which, f"(SELECT * FROM ({side}) AS s WHERE key = '')", "true"))  # noqa: S608  our own literals
            met = f"(SELECT s.*, j.alone FROM rec_joined AS j JOIN ({side}) AS s ON s.key = j.key)"  # noqa: S608  our own literals
            sql.once(_insert(which, met, "alone"))
        left, right = meeting.totals()
    else:
        left, right = (folding.totals(scope.select(which)) for which in BOTH)
        for which in BOTH:
            sql.once(_insert(which, f"({scope.select(which)})", "true"))
    sql.once("ANALYZE rec_rest")
    return Read(left, right)


def fetch(scope: Scope, lot: int) -> None:
    """All rows of the wanted keys of a lot, whatever they agree with."""
    for which in BOTH:
        met = (
            f"(SELECT s.* FROM rec_wanted AS w JOIN ({scope.select(which)}) AS s ON s.key = w.key "  # noqa: S608  our own literals
            f"WHERE w.lot = {int(lot)})"
        )
        sql.once(_insert(which, met, "NULL::boolean"))


def drop_agreeing(scope: Scope) -> None:
    """Leave aside what agrees one to one by its key and is held by no match."""
    sql.once(_DROP.format(differs=meeting.differs(scope), pair=int(scope.pair_id)))
    sql.once("ANALYZE rec_rest")


_DROP: Final = """
DELETE FROM rec_rest AS row USING (
    SELECT l.key FROM rec_rest AS l JOIN rec_rest AS r ON r.key = l.key AND r.side = 'right'
    WHERE l.side = 'left' AND l.key <> ''
    GROUP BY l.key HAVING count(*) = 1 AND NOT coalesce(bool_or({differs}), false)
        AND NOT bool_or(EXISTS (SELECT FROM reconciliation_matchitem AS item
            WHERE item.pair_id = {pair} AND item.standing AND (item.side, item.item_key)
                IN ((l.side, l.item_key), (r.side, r.item_key))))
) AS agreed
WHERE row.key = agreed.key
"""


def _insert(which: Which, source: str, alone: str) -> str:
    columns = ", ".join(name for name in COLUMNS if name != "record_id")
    return (
        f"INSERT INTO rec_rest (side, {columns}, record_id, alone) SELECT '{which}', {columns}, "  # noqa: S608  our own literals
        f"NULLIF(record_id::text, '')::bigint, {alone} FROM {source} AS s"
    )
