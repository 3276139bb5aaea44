"""
Contracts that are in force, and the subscriptions that bill them: what both come to in a year, so
that one paid by the month and one paid at once compare.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check
from revops.reconciliation.checks.sides import ours

_MONTHS: Final = """(SELECT greatest(1, extract(year FROM term) * 12 + extract(month FROM term)
    + CASE WHEN extract(day FROM term) >= 15 THEN 1 ELSE 0 END)
    FROM age(contract.ends_on + 1, contract.starts_on) term)"""
# A price that billing has not told of is taken as one for a year.
_YEAR: Final = """(SELECT coalesce(round(sum((item ->> 'quantity')::numeric
        * coalesce((item ->> 'unit_amount')::numeric, price.unit_price, 0)
        * 12 / coalesce(nullif(price.interval_months, 0), 12))), 0)
    FROM jsonb_array_elements(subscription.items) item
    LEFT JOIN canonical_price price ON price.connection_id = subscription.connection_id
        AND price.source_id = item ->> 'sku')"""

CHECK: Final = Check(
    slug="contract_billing",
    label="Contracts and the subscriptions that bill them",
    left=ours(
        "Contracts",
        """
        FROM canonical_contract contract
        JOIN canonical_customer customer ON customer.id = contract.customer_id
        WHERE contract.legal_entity_id = %(entity)s AND contract.state = 'active'
            AND contract.starts_on <= %(ends)s AND contract.ends_on >= %(starts)s
        """,
        item_key="'contract:' || contract.id",
        key="contract.id::text",
        number="coalesce(nullif(contract.number, ''), contract.source_id)",
        party="customer.name",
        currency="contract.currency",
        amount=f"round(contract.total * 12 / {_MONTHS})::bigint",
        dated="greatest(contract.starts_on, %(starts)s::date)",
        record_kind="'contract'",
        record_id="contract.id",
        touched_at="contract.updated_at",
    ),
    right=ours(
        "Subscriptions",
        f"""
        FROM (
            SELECT coalesce(subscription.contract_id::text, subscription.contract_ref) AS contract,
                min(subscription.id) AS id, string_agg(subscription.source_id, ', '
                    ORDER BY subscription.id) AS number,
                min(customer.name) AS party, min(subscription.currency) AS currency,
                sum({_YEAR})::bigint AS amount, min(subscription.started_on) AS started_on,
                max(subscription.updated_at) AS updated_at
            FROM canonical_subscription subscription
            JOIN canonical_customer customer ON customer.id = subscription.customer_id
            WHERE subscription.legal_entity_id = %(entity)s AND subscription.state <> 'cancelled'
                AND subscription.contract_ref <> '' AND subscription.started_on <= %(ends)s
            GROUP BY 1
        ) billed
        """,  # noqa: S608  our own literals
        item_key="'subscription:' || billed.id",
        key="billed.contract",
        number="billed.number",
        party="billed.party",
        currency="billed.currency",
        amount="billed.amount",
        dated="greatest(billed.started_on, %(starts)s::date)",
        record_kind="'subscription'",
        record_id="billed.id",
        touched_at="billed.updated_at",
    ),
    area="billing_sync",
    noun="contracts",
    compares=frozenset({"amount", "currency"}),
    wait_days=2,
)
