"""Where a customer stands: what is owed and how late, what we owe, what is contested or pending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from revops.api.lookups.reach import WITHIN, Reach
from revops.store import sql

# A customer whose oldest debt is later than this is not sold to on credit (docs/api.md).
HOLD_AFTER_DAYS: Final = 60
AGES: Final = ("not_due", "1_30", "31_60", "61_90", "over_90")
_RETURNED_WITHIN_DAYS: Final = 180

_STANDING: Final = f"""
WITH held AS (
    SELECT customer.id, entity.zone
    FROM canonical_customer customer
    LEFT JOIN mappings_legalentity entity ON entity.id = customer.legal_entity_id
    WHERE customer.party_id = %(party)s
), owed AS (
    SELECT invoice.currency, invoice.state,
        invoice.total - invoice.applied - invoice.credited AS amount,
        (now() AT TIME ZONE coalesce(entity.zone, held.zone, 'UTC'))::date - invoice.due_on AS late
    FROM held JOIN canonical_invoice invoice ON invoice.customer_id = held.id
    LEFT JOIN mappings_legalentity entity ON entity.id = invoice.legal_entity_id
    WHERE invoice.state IN ('issued', 'overdue', 'written_off')
      AND invoice.total > invoice.applied + invoice.credited AND {WITHIN}
), paid AS (
    SELECT payment.id FROM held JOIN canonical_payment payment ON payment.customer_id = held.id
    UNION
    SELECT payment.id FROM held JOIN canonical_invoice invoice ON invoice.customer_id = held.id
    JOIN canonical_payment payment ON payment.invoice_id = invoice.id
), money AS (
    SELECT payment.* FROM paid JOIN canonical_payment payment ON payment.id = paid.id
    LEFT JOIN mappings_legalentity entity ON entity.id = payment.legal_entity_id
    WHERE {WITHIN}
), memo AS (
    SELECT credit.* FROM held JOIN canonical_credit credit ON credit.customer_id = held.id
    LEFT JOIN mappings_legalentity entity ON entity.id = credit.legal_entity_id
    WHERE {WITHIN}
)
SELECT CASE WHEN state = 'written_off' THEN 'written_off' ELSE 'open' END AS what,
    currency, CASE WHEN late IS NULL OR late <= 0 THEN 'not_due' WHEN late <= 30 THEN '1_30'
        WHEN late <= 60 THEN '31_60' WHEN late <= 90 THEN '61_90' ELSE 'over_90' END AS age,
    sum(amount)::bigint AS amount, count(*) AS many, max(late) AS latest
FROM owed GROUP BY 1, 2, 3
UNION ALL
SELECT 'balance', currency, '', sum(total - applied)::bigint, count(*), NULL
FROM memo WHERE state = 'issued' AND settles = 'balance' AND total > applied GROUP BY 2
UNION ALL
SELECT 'pending', currency, '', sum(net)::bigint, count(*), NULL
FROM memo WHERE state IN ('requested', 'approved')
  AND NOT EXISTS (SELECT 1 FROM canonical_credit made WHERE made.request_id = memo.id) GROUP BY 2
UNION ALL
SELECT 'unapplied', currency, '', sum(free)::bigint, count(*), NULL FROM (
    SELECT money.currency, money.amount - money.allocated - money.allocated_later - money.returned
        - coalesce((SELECT sum(refund.amount) FROM canonical_refund refund
                    WHERE refund.payment_id = money.id), 0) AS free
    FROM money WHERE money.state <> 'failed'
) over WHERE free > 0 GROUP BY 2
UNION ALL
SELECT 'disputed', dispute.currency, '', sum(dispute.amount)::bigint, count(*), NULL
FROM money JOIN canonical_dispute dispute ON dispute.payment_id = money.id
WHERE dispute.state = 'open' GROUP BY 2
UNION ALL
SELECT 'returned', currency, '', sum(returned)::bigint, count(*), NULL
FROM money WHERE returned > 0 AND returned_on > now()::date - {_RETURNED_WITHIN_DAYS} GROUP BY 2
"""  # noqa: S608  constants of ours


@dataclass(frozen=True, slots=True)
class Sum:
    """``many`` documents of one kind, currency and, for what is open, age."""

    what: str
    currency: str
    age: str
    amount: int
    many: int
    latest: int | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Whether to sell on credit, and why not."""

    held: bool
    reasons: tuple[str, ...]


def standing(party_id: int, reach: Reach) -> list[Sum]:
    """One statement."""
    rows = sql.rows(_STANDING, {"party": party_id} | reach.values)
    return [Sum(row.what, row.currency, row.age, row.amount, row.many, row.latest) for row in rows]


def hold(sums: Sequence[Sum]) -> Hold:
    """
    The console's own rule, since no system tells it: a debt later than ``HOLD_AFTER_DAYS``, or one
    that was written off and never recovered.
    """
    reasons = []
    latest = max((one.latest or 0 for one in sums if one.what == "open"), default=0)
    if latest > HOLD_AFTER_DAYS:
        reasons.append(f"An invoice has been due for {latest} days.")
    if any(one.what == "written_off" for one in sums):
        reasons.append("A debt was written off and has not been recovered.")
    return Hold(bool(reasons), tuple(reasons))
