"""
What is reconciled without anybody asking: the periods that are open, every few minutes and only as
far as something changed; every night all that is not closed or still has breaks, from the ground.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction

from revops.kernel import clock
from revops.mappings.models import LegalEntity
from revops.reconciliation.engine import keeping
from revops.reconciliation.models import Pair, Run
from revops.reconciliation.operations import comparing, lags, pairs, runs, versions
from revops.reconciliation.queries.naming import check_of
from revops.store import sql

log = structlog.get_logger(__name__)

BY: Final = "The console"
_SECONDS: Final = 90.0

# Whoever moves the row has this turn.
_TAKE: Final = """
INSERT INTO pipeline_heartbeat (name, at) VALUES (%(name)s, now())
ON CONFLICT (name) DO UPDATE SET at = now()
WHERE pipeline_heartbeat.at <= now() - %(every)s RETURNING name
"""

# The latest first: what was looked at longest ago comes before what was looked at just now.
_OPEN: Final = """
SELECT asked.pair_id, asked.entity_id, period.code
FROM unnest(%(pairs)s::bigint[], %(entities)s::bigint[], %(days)s::date[])
    AS asked (pair_id, entity_id, today)
JOIN mappings_accountingperiod AS period ON period.legal_entity_id = asked.entity_id
    AND period.state <> 'closed' AND period.starts <= asked.today
    AND period.ends >= asked.today - 40
LEFT JOIN LATERAL (
    SELECT max(run.ended_at) AS at FROM reconciliation_run AS run
    WHERE run.pair_id = asked.pair_id AND run.legal_entity_id = asked.entity_id
        AND run.period_code = period.code
) AS last ON true
ORDER BY last.at NULLS FIRST, period.starts DESC, asked.pair_id, asked.entity_id
"""

_ALL: Final = """
SELECT asked.pair_id, asked.entity_id, period.code
FROM unnest(%(pairs)s::bigint[], %(entities)s::bigint[], %(days)s::date[])
    AS asked (pair_id, entity_id, today)
JOIN mappings_accountingperiod AS period ON period.legal_entity_id = asked.entity_id
    AND period.starts <= asked.today
WHERE (period.state <> 'closed' AND period.ends >= asked.today - 100)
    OR EXISTS (SELECT FROM reconciliation_break AS held
        WHERE held.pair_id = asked.pair_id AND held.legal_entity_id = asked.entity_id
            AND held.period_code = period.code AND held.state IN ('open', 'clearing'))
ORDER BY period.starts, asked.pair_id, asked.entity_id
"""


_LAST: Final = "SELECT at FROM pipeline_heartbeat WHERE name = 'reconciliation'"
EVERY: Final = timedelta(minutes=3)
# A worker asks every 30 seconds whether a look is due, and has other work besides.
_ASKED: Final = timedelta(minutes=1)


def next_look() -> datetime:
    """About when the next look at the open periods begins."""
    row = sql.one(_LAST)
    now = clock.now()
    return max(now, row.at + EVERY if row else now) + _ASKED


def look(*, every: timedelta = EVERY, seconds: float = _SECONDS) -> int:
    """
    Compare what changed in the open periods, for ``seconds`` at most; what is left has the next
    turn. Says how many runs were made: where nothing changed, the last one still counts.
    """
    if sql.one(_TAKE, {"name": "reconciliation", "every": every}) is None:
        return 0
    until = time.monotonic() + seconds
    made = 0
    for pair_id, entity_id, code in _scopes(_OPEN):
        if time.monotonic() > until:
            break
        try:
            made += _go_on(pair_id, entity_id, code)
        except Exception:
            log.exception("reconciliation.look_failed", pair=pair_id, period=code)
    return made


def look_at_all() -> int:
    """Ask for a full run of everything that is not closed, and learn how long each side lags."""
    asked = 0
    for pair_id, entity_id, code in _scopes(_ALL):
        runs.enqueue(pair_id=pair_id, entity_id=entity_id, period_code=code, full=True, by=BY)
        asked += 1
    lags.learn_all()
    with transaction.atomic():
        keeping.forget_closed()
    return asked


def _scopes(statement: str) -> Sequence[tuple[int, int, str]]:
    """Pair, legal entity and period; each by the day that it is where the books are."""
    places = [(pair.pk, entity) for pair in pairs.sync() for entity in pairs.entities_of(pair)]
    if not places:
        return []
    ids, entities = (list(column) for column in zip(*places, strict=True))
    now, zones = clock.now(), dict(LegalEntity.objects.values_list("pk", "zone"))
    days = [clock.local_date(now, zones[entity]) for entity in entities]
    asked = {"pairs": ids, "entities": entities, "days": days}
    return [tuple(row) for row in sql.tuples(statement, asked)]


def _go_on(pair_id: int, entity_id: int, code: str) -> int:
    """1 when a run was made, 0 when nothing changed since the last one."""
    last = runs.latest_done(pair_id, entity_id, code)
    if last is not None and _stands(last):
        Run.objects.filter(pk=last.pk).update(ended_at=clock.now())
        return 0
    runs.run(pair_id=pair_id, entity_id=entity_id, period_code=code, full=False, by=BY)
    return 1


def _stands(last: Run) -> bool:
    """
    Whether a new run would find what the last one found: the same rules, the same day where the
    books are, and neither side was touched. Lists are asked for before; where one cannot be had,
    the run has to say so.
    """
    pair = Pair.objects.select_related("left", "right").get(pk=last.pair_id)
    check = check_of(pair)
    if last.rules_id != versions.in_force(check).pk:
        return False
    zone = last.legal_entity.zone
    ended = last.ended_at or last.began_at
    if clock.local_date(ended, zone) != clock.local_date(clock.now(), zone):
        return False
    try:
        for connection, side in ((pair.left, check.left), (pair.right, check.right)):
            runs.listed(connection, side.kind, last.starts, last.ends, patient=True)
    except runs.ListMissing:
        return False
    rules = list(last.rules.rules.order_by("position"))
    since = last.began_at - comparing.GRACE
    return not comparing.touched_since(comparing.scope_of(last, check, rules), since)
