"""How long the right side of each pair takes, learnt from the pairs of rows that agree."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Final

from django.db import transaction

from revops.kernel import clock
from revops.mappings.queries import today
from revops.reconciliation.engine.lags import percentile
from revops.reconciliation.engine.sides import Scope
from revops.reconciliation.models import Pair
from revops.reconciliation.operations import pairs
from revops.reconciliation.queries.naming import check_of
from revops.store import sql

# As far back as lags are learnt from.
REACH: Final = timedelta(days=90)

_DAYS: Final = """
SELECT greatest(r.dated - l.dated, 0) AS days, count(*) AS count
FROM ({left}) AS l JOIN ({right}) AS r ON r.key = l.key AND r.currency = l.currency
    AND r.amount = l.amount
WHERE l.key <> '' GROUP BY 1
"""


def learn_all() -> None:
    """Every pair that is switched on."""
    for pair in Pair.objects.filter(enabled=True).order_by("pk"):
        learn(pair)


@transaction.atomic
def learn(pair: Pair) -> int | None:
    """
    The days within which 95 of 100 counterparts came, over all legal entities; kept on the pair.
    None, and the check's own waiting time counts, as long as too few have both sides.
    """
    day = today(clock.now()).last
    seen: Counter[int] = Counter()
    for entity_id in pairs.entities_of(pair):
        seen.update(_of_entity(pair, entity_id, day))
    pair.lag_days = percentile(seen)
    pair.lag_sample, pair.lag_learnt_at = sum(seen.values()), clock.now()
    pair.save(update_fields=["lag_days", "lag_sample", "lag_learnt_at"])
    return pair.lag_days


def _of_entity(pair: Pair, entity_id: int, until: date) -> dict[int, int]:
    scope = Scope(
        pair.pk, check_of(pair), pair.left_id, pair.right_id, entity_id, "", until - REACH, until
    )
    found = sql.once(_DAYS.format(left=scope.select("left"), right=scope.select("right")))
    return {row.days: row.count for row in found}
