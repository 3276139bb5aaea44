"""Subscriptions that should have been renewed, and of which billing has told nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from exceptions import operations as cases
from exceptions.findings import Finding
from revops.store import sql

KIND: Final = "renewal_failed"
# Billing renews within hours; two days also see a weekend's maintenance pass.
GRACE: Final = timedelta(days=2)
_MOST: Final = 500

# SQL: the worth of a term. An item without an amount makes the sum unknown, never smaller.
TERM: Final = """(SELECT CASE WHEN count(*) = count(item ->> 'unit_amount')
            THEN round(sum((item ->> 'unit_amount')::numeric * (item ->> 'quantity')::numeric))
        END FROM jsonb_array_elements(record.items) AS item)::bigint"""
_LATE: Final = f"""
SELECT record.id, record.source_id, record.renews_on, record.currency, record.legal_entity_id,
    customer.name AS customer, connection.slug, connection.label, period.code AS period,
    newest.number, newest.state,
    {TERM} AS amount
FROM canonical_subscription record
JOIN canonical_customer customer ON customer.id = record.customer_id
JOIN connectors_connection connection ON connection.id = record.connection_id
LEFT JOIN mappings_accountingperiod period ON period.legal_entity_id = record.legal_entity_id
    AND record.renews_on BETWEEN period.starts AND period.ends
LEFT JOIN LATERAL (
    SELECT number, state FROM canonical_invoice WHERE subscription_id = record.id
    ORDER BY issued_on DESC, id DESC LIMIT 1
) AS newest ON true
WHERE record.state = 'active' AND record.renews_on < %(before)s AND record.renews_on >= %(after)s
    AND (record.ends_on IS NULL OR record.ends_on >= record.renews_on)
ORDER BY record.renews_on, record.id LIMIT %(most)s
"""  # noqa: S608  of the text above alone


def look() -> int:
    """
    A case for each subscription whose renewal is late, by at most a year; cases of those that were
    renewed or ended since are settled. How many are late.
    """
    with sql.atomic():
        row = sql.one("SELECT now() AS now")
        assert row is not None
        at: datetime = row.now
        today = at.date()
        late = sql.rows(
            _LATE,
            {"before": today - GRACE, "after": today - timedelta(days=365), "most": _MOST},
        )
        cases.report_all(
            [_finding(one) for one in late], kind=KIND, whole=len(late) < _MOST,
            over="Billing has told of its renewal or of its end.", at=at,
        )  # fmt: skip
    return len(late)


def _finding(row: Any) -> Finding:
    newest = f"{row.number}, {row.state}" if row.number else "none"
    return Finding(
        kind=KIND,
        identity=f"subscription:{row.id}",
        cause_parts=row.slug,
        cause=f"{row.label} has told of no renewal",
        what_happened=(
            f"Subscription {row.source_id} was to be renewed on {row.renews_on}. "
            f"{row.label} has told neither of its renewal nor of its end."
        ),
        legal_entity_id=row.legal_entity_id,
        period_code=row.period or "",
        currency=row.currency,
        at_stake=row.amount,
        path=f"{row.label} → console · subscription",
        customer_name=row.customer,
        subject_label=f"Subscription {row.source_id}",
        blocked_steps=("Bill the next term", "Tell sales and customer success"),
        facts=(("Was to renew on", row.renews_on.isoformat()), ("Newest invoice", newest)),
        record_kind="subscription",
        record_id=row.id,
        connection_slug=row.slug,
    )
