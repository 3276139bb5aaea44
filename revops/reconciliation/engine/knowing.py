"""
What is known about the rows that are left over: whether their counterpart is in another period, was
deleted or edited in its system, or has a twin beside it. Each is one statement over all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from revops.reconciliation.engine.reading import BOTH
from revops.reconciliation.engine.rows import Row, Which
from revops.reconciliation.engine.sides import Scope
from revops.store import sql

# So many amounts fit into a statement, which then may go by an index.
INLINE: Final = 20_000

_ALONE: Final = """
UPDATE rec_rest SET alone = key = '' OR key NOT IN (
    SELECT key FROM rec_rest WHERE side <> '{which}' AND match_id IS NULL AND key <> ''
)
WHERE side = '{which}' AND alone IS NULL AND match_id IS NULL
"""

_ELSEWHERE: Final = """
UPDATE rec_rest AS row SET elsewhere = there.dated FROM (
    SELECT rest.key, min(s.dated) AS dated
    FROM rec_rest AS rest JOIN ({around}) AS s ON s.key = rest.key
    WHERE rest.side = '{which}' AND rest.alone AND rest.match_id IS NULL AND rest.key <> ''
        AND NOT s.dated BETWEEN '{starts}' AND '{ends}'
    GROUP BY rest.key
) AS there
WHERE row.side = '{which}' AND row.alone AND row.match_id IS NULL AND row.key = there.key
"""

# The twin is a row that has its counterpart, or came first.
_LIKE: Final = """
CREATE TEMPORARY TABLE rec_like ON COMMIT DROP AS
SELECT rest.item_key, s.item_key AS like_key, s.name
FROM (SELECT item_key, currency, amount, dated, party FROM rec_rest
    WHERE side = '{which}' AND alone AND match_id IS NULL AND party <> '' AND amount <> 0) AS rest
JOIN rec_same AS s ON s.amount = rest.amount AND s.party = rest.party AND s.dated = rest.dated
    AND s.currency = rest.currency
WHERE s.item_key <> rest.item_key
"""
# Rows of the side whose amount is that of a row that stands alone.
_SAME: Final = """
CREATE TEMPORARY TABLE rec_same ON COMMIT DROP AS
SELECT item_key, coalesce(NULLIF(number, ''), item_key) AS name, currency, amount, dated, party
FROM ({side}) AS s WHERE {where}
"""
_AMOUNTS: Final = """
SELECT array_agg(DISTINCT amount) AS amounts, min(dated) AS first, max(dated) AS latest
FROM rec_rest WHERE side = '{which}' AND alone AND match_id IS NULL AND party <> '' AND amount <> 0
"""
_TWIN: Final = """
UPDATE rec_rest AS row SET twin = found.name FROM (
    SELECT item_key, min(name) AS name FROM rec_like
    WHERE like_key < item_key OR like_key NOT IN (
        SELECT item_key FROM rec_rest WHERE side = '{which}' AND alone)
    GROUP BY item_key
) AS found
WHERE row.side = '{which}' AND row.item_key = found.item_key
"""

_GONE: Final = """
UPDATE rec_rest AS row SET gone = coalesce(NULLIF(held.number, ''), held.external_id)
FROM reconciliation_holding AS held
WHERE row.side = '{which}' AND row.alone AND row.match_id IS NULL AND row.key <> ''
    AND held.connection_id = {connection} AND held.kind = '{kind}' AND held.key = row.key
    AND held.gone_in_id IS NOT NULL
"""

_BEFORE: Final = """
UPDATE rec_rest AS row SET before = held.before
FROM reconciliation_holding AS held
WHERE row.side = '{which}' AND NOT row.alone AND row.match_id IS NULL
    AND held.connection_id = {connection} AND held.kind = '{kind}'
    AND held.external_id = row.item_key AND held.before IS NOT NULL
"""

_REST: Final = """
SELECT * FROM rec_rest WHERE match_id IS NULL
ORDER BY CASE WHEN key = '' THEN side || item_key ELSE key END, key, side, item_key
"""


def alone() -> None:
    """Say of every row whether its key is on the other side, too."""
    for which in BOTH:
        sql.once(_ALONE.format(which=which))


def know(scope: Scope) -> None:
    """Fill in what deciding needs of each row that is left."""
    alone()
    sql.once("ANALYZE rec_rest")
    for which in BOTH:
        if not sql.once(
            f"SELECT 1 FROM rec_rest WHERE side = '{which}' AND match_id IS NULL LIMIT 1"  # noqa: S608  our own literals
        ):
            continue
        other: Which = "right" if which == "left" else "left"
        around = scope.select(other, days=scope.around())
        sql.once(
            _ELSEWHERE.format(which=which, around=around, starts=scope.starts, ends=scope.ends)
        )
        _twins(scope, which)
        _history(scope, which, other)


def _twins(scope: Scope, which: Which) -> None:
    found = sql.once(_AMOUNTS.format(which=which))[0]
    if not found.amounts:
        return
    amounts = "true"
    if len(found.amounts) <= INLINE:
        amounts = sql.literal("amount = ANY (%(all)s::bigint[])", {"all": found.amounts})
    where = f"{amounts} AND dated BETWEEN '{found.first}' AND '{found.latest}'"
    sql.once("DROP TABLE IF EXISTS rec_same, rec_like")
    sql.once(_SAME.format(side=scope.select(which), where=where))
    sql.once("ANALYZE rec_same")
    sql.once(_LIKE.format(which=which))
    sql.once(_TWIN.format(which=which))


def _history(scope: Scope, which: Which, other: Which) -> None:
    theirs, ours = scope.side(other), scope.side(which)
    if theirs.kind and scope.connection(other) is not None:
        sql.once(_GONE.format(which=which, connection=scope.connection(other), kind=theirs.kind))
    if ours.kind and scope.connection(which) is not None:
        sql.once(_BEFORE.format(which=which, connection=scope.connection(which), kind=ours.kind))


def clusters() -> Iterator[list[tuple[list[Row], list[Row]]]]:
    """
    The rows that are left, left and right by key, in lots; a row without a key stands alone. In one
    order whatever the tables hold besides.
    """
    lot: list[tuple[list[Row], list[Row]]] = []
    key, left, right = "", list[Row](), list[Row]()
    for found in sql.stream(_REST):
        for one in found:
            if (not one.key or one.key != key) and (left or right):
                lot.append((left, right))
                left, right = [], []
            key = one.key
            (left if one.side == "left" else right).append(_row(one))
        if lot:
            yield lot
            lot = []
    if left or right:
        yield [(left, right)]


def _row(one: Any) -> Row:
    return Row(
        id=one.item_key, currency=one.currency, amount=one.amount, dated=one.dated, key=one.key,
        number=one.number or "", reference=one.reference or "", group_key=one.group_key or "",
        party=one.party or "", tax=one.tax, period_code=one.period_code or "",
        state=one.state or "", record_kind=one.record_kind or "", record_id=one.record_id,
        touched_at=one.touched_at, twin=one.twin or "", elsewhere=one.elsewhere,
        gone=one.gone or "", before=json.loads(one.before) if one.before else None,
    )  # fmt: skip
