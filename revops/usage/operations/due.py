"""Finding accounts that have to be rated although no usage came: time passed, or a fact changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from revops.kernel import clock
from revops.kernel.clock import local_date
from revops.kernel.periods import Span
from revops.store import sql
from revops.usage.queries.policies import Policies
from revops.usage.revising import Treatment

# A change is looked for from a little before the latest rating: who wrote it may have committed
# after we read.
MARGIN_S: Final = 30
# How far back a changed plan or price is rated again.
LOOK_BACK_DAYS: Final = 400

_OVER: Final = """
SELECT DISTINCT line.subscription_id, line.meter, line.legal_entity_id, line.period_start,
    line.period_end, line.used_from, coalesce(entity.zone, 'UTC') AS zone
FROM usage_ratedline line LEFT JOIN mappings_legalentity entity ON entity.id = line.legal_entity_id
WHERE line.state = 'running' AND line.period_end < %s
"""
_DIRTY: Final = """
UPDATE usage_account account SET dirty_from = least(account.dirty_from, due.day)
FROM (
    SELECT subscription_id, meter, min(day) AS day
    FROM unnest(%b::bigint[], %b::text[], %b::date[]) AS due (subscription_id, meter, day)
    GROUP BY 1, 2
) AS due
WHERE account.subscription_id = due.subscription_id AND account.meter = due.meter
"""
_CHANGED: Final = """
WITH changed AS (
    SELECT account.subscription_id, account.meter
    FROM usage_account account
    JOIN canonical_subscription subscription ON subscription.id = account.subscription_id
    LEFT JOIN canonical_contract contract ON contract.id = subscription.contract_id
    CROSS JOIN LATERAL (
        SELECT account.rated_at - %s * interval '1 second' AS latest
    ) AS seen
    WHERE account.dirty_from IS NULL AND account.rated_at IS NOT NULL AND (
        subscription.updated_at > seen.latest OR contract.updated_at > seen.latest
        OR EXISTS (
            SELECT FROM canonical_price price
            WHERE price.connection_id = subscription.connection_id AND price.meter = account.meter
                AND price.updated_at > seen.latest)
        OR EXISTS (
            SELECT FROM canonical_entitlement entitlement
            WHERE entitlement.customer_id = subscription.customer_id
                AND entitlement.meter = account.meter AND entitlement.updated_at > seen.latest))
)
UPDATE usage_account account SET dirty_from = held.day
FROM (
    SELECT changed.subscription_id, changed.meter, min(total.day) AS day
    FROM changed
    JOIN usage_daytotal total ON total.subscription_id = changed.subscription_id
        AND total.day > current_date - %s
    JOIN usage_stream stream ON stream.id = total.stream_id AND stream.meter = changed.meter
    GROUP BY 1, 2
) AS held
WHERE account.subscription_id = held.subscription_id AND account.meter = held.meter
"""


def mark_over(*, at: datetime | None = None) -> int:
    """Running lines whose period is over, with its days of grace: how many accounts they have."""
    now = at or clock.now()
    policies = Policies()
    due: list[tuple[int, str, date]] = []
    for row in sql.rows(_OVER, (local_date(now, "Pacific/Kiritimati"),)):
        policy = policies.of(row.legal_entity_id, row.meter, row.used_from)
        period = Span(row.period_start, row.period_end)
        how = Treatment(policy.late, policy.grace_days, local_date(now, row.zone), period)
        if how.due(period):
            due.append((row.subscription_id, row.meter, row.used_from))
    if not due:
        return 0
    columns: Any = [list(column) for column in zip(*due, strict=True)]
    return sql.run(_DIRTY, columns)


def mark_changed() -> int:
    """Accounts whose subscription, contract, price or entitlement changed since they were rated."""
    return sql.run(_CHANGED, (MARGIN_S, LOOK_BACK_DAYS))


_ALL_OF: Final = """
UPDATE usage_account account SET dirty_from = least(account.dirty_from, held.day)
FROM (
    SELECT total.subscription_id, stream.meter, min(total.day) AS day
    FROM usage_daytotal total JOIN usage_stream stream ON stream.id = total.stream_id
    WHERE total.subscription_id = ANY(%s) AND total.day > current_date - %s
    GROUP BY 1, 2
) AS held
WHERE account.subscription_id = held.subscription_id AND account.meter = held.meter
"""


def rate_all_again(subscription_ids: Sequence[int]) -> int:
    """Rate everything of these subscriptions again; how many accounts they have."""
    return sql.run(_ALL_OF, (list(subscription_ids), LOOK_BACK_DAYS))


def rate_again(accounts: list[tuple[int, str, date]]) -> int:
    """Rate these (subscription, meter) again from a day on; how many there are."""
    if not accounts:
        return 0
    columns: Any = [list(column) for column in zip(*accounts, strict=True)]
    return sql.run(_DIRTY, columns)
