"""
What changed since the last run, looked at alone: with what was kept of that run this gives what
reading both sides from the ground would give.
"""

from __future__ import annotations

from datetime import date, datetime

from revops.reconciliation.engine import keeping, reading, wanting
from revops.reconciliation.engine.reading import Read
from revops.reconciliation.engine.sides import Scope
from revops.store import sql


def look(
    scope: Scope, *, since: datetime, last_id: int, run_id: int, rows: int, today: date,
    new_day: bool,
) -> Read | None:  # fmt: skip
    """
    Fill ``rec_rest`` with what is left over of the keys that may read differently. ``last_id`` is
    the last run, of about so many ``rows``. Where nothing was kept of it, both sides are read once
    for what is kept from now on. None when a row had a key that nobody knows any more: then all has
    to be read.
    """
    footing = keeping.find(scope, last_id)
    wanting.want(scope, since, today=today, all=new_day or footing is None)
    reading.fetch(scope, 0)
    sql.once("ANALYZE rec_rest")
    if footing is None:
        keeping.nothing()
        footing = keeping.build(scope, rows, run_id)
    else:
        if not keeping.recall(footing):
            return None
        lot = 1
        while wanting.alike(scope, lot):
            reading.fetch(scope, lot)
            lot += 1
        footing = keeping.advance(footing)
    keeping.save(scope, footing, run_id)
    reading.drop_agreeing(scope)
    return Read(footing.left, footing.right, wanting.count())
