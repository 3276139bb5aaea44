"""What a customer's running subscriptions are worth for a year, and when the first one renews."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from revops.store import sql


@dataclass(frozen=True, slots=True)
class Worth:
    """
    ``yearly`` in minor units of ``currency``; None when a price is not known or currencies differ.
    ``risk`` and ``forecast`` are what customer success expects of the renewal.
    """

    currency: str | None
    yearly: int | None
    renews_on: date | None
    risk: str = ""
    forecast: int | None = None
    forecast_currency: str = ""


# A price that is not known, or an item without an amount, makes the sum unknown, never smaller.
_WORTH: Final = """
WITH item AS (
    SELECT customer.party_id, subscription.id, subscription.currency, subscription.renews_on,
        (part ->> 'unit_amount')::numeric * (part ->> 'quantity')::numeric
            * 12 / nullif(price.interval_months, 0) AS yearly
    FROM canonical_subscription subscription
    JOIN canonical_customer customer ON customer.id = subscription.customer_id
    CROSS JOIN LATERAL jsonb_array_elements(subscription.items) AS part
    LEFT JOIN canonical_price price ON price.connection_id = subscription.connection_id
        AND price.source_id = part ->> 'sku'
    WHERE customer.party_id = ANY(%s) AND subscription.state = 'active'
)
SELECT party.id,
    CASE WHEN count(DISTINCT item.currency) = 1 THEN min(item.currency) END AS currency,
    CASE WHEN count(DISTINCT item.currency) = 1 AND count(*) = count(item.yearly)
        THEN round(sum(item.yearly))::bigint END AS yearly,
    coalesce(party.renews_on, min(item.renews_on)) AS renews_on,
    party.renewal_risk AS risk, party.renewal_amount AS forecast,
    party.renewal_currency AS forecast_currency
FROM canonical_party party LEFT JOIN item ON item.party_id = party.id
WHERE party.id = ANY(%s) GROUP BY party.id
"""


def of(party_ids: Collection[int]) -> dict[int, Worth]:
    """By the party's id; one query."""
    ids = list(set(party_ids))
    if not ids:
        return {}
    return {
        row.id: Worth(
            row.currency if row.yearly is not None else None, row.yearly, row.renews_on, row.risk,
            row.forecast, row.forecast_currency,
        )
        for row in sql.rows(_WORTH, (ids, ids))
    }  # fmt: skip
