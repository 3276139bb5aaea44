"""
The terms of a contract, of which the CRM and billing both speak: they follow their owner.

What billing says of a contract is what its subscriptions under it add up to.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, Final

from revops.canonical.operations import drifts
from revops.canonical.operations.drifts import Outcome, Settled
from revops.canonical.operations.history import Line
from revops.canonical.operations.ownership import SILENT, Said, rule_on, same, total_items
from revops.canonical.operations.tables import Tables
from revops.kernel import strict_json
from revops.store import sql

FIELDS: Final = ("items", "currency")
# A subscription only refers to a contract: without a rule the contract's own system is the first.
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)


def settle(tables: Tables, at: datetime) -> tuple[Outcome, list[Line]]:
    """Settle the contracts that this batch touched, directly or by a subscription under them."""
    claims = tables.claims
    if not claims.contracts and not claims.subscriptions:
        return Outcome(), []
    contracts = sql.rows(_CONTRACTS, (list(claims.contracts), list(claims.subscriptions)))
    if not contracts:
        return Outcome(), []
    said = _said(tables, [row.id for row in contracts])
    found: list[Settled] = []
    history: list[Line] = []
    changed: list[tuple[Any, ...]] = []
    for row in contracts:
        values = {"items": strict_json.dumps(strict_json.loads(row.items)),
                  "currency": strict_json.dumps(row.currency)}  # fmt: skip
        before = dict(values)
        for field in FIELDS:
            standing = values[field]
            rule = tables.matrix.rule("contract", field, row.legal_entity_id)
            ruling = rule_on(field, said[row.id, field], rule, standing)
            # The contract's own event has changed the row already; its claim knows what was before.
            told = tables.claims.before.get(("contract", row.id, field))
            was = told.value if told else standing
            found.append(Settled(row.id, field, row.legal_entity_id, ruling, was))
            if ruling.value in SILENT or same(field, ruling.value, standing):
                continue
            values[field] = ruling.value
            event_id = ruling.by.event_id if ruling.by else None
            history.append(("contract", row.id, field, standing, ruling.value, event_id, 0))
        if values != before:
            changed.append((row.id, values["items"], strict_json.loads(values["currency"])))
    if changed:
        sql.run(_WRITE, [at, *(list(column) for column in zip(*changed, strict=True))])
    return drifts.settle("contract", found, at), history


def _said(tables: Tables, contracts: list[int]) -> dict[tuple[int, str], list[Said]]:
    said: dict[tuple[int, str], list[Said]] = defaultdict(list)
    for row in sql.rows(_CLAIMS, (contracts,)):
        own = row.connection_id == tables.connection_id
        news = tables.claims.news("contract", row.record_id, row.field) if own else ""
        value = strict_json.dumps(strict_json.loads(row.value))
        said[row.record_id, row.field].append(
            Said(row.connection_id, row.contract, value, row.since, row.at, row.event_id, 0, news)
        )
    under: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for row in sql.rows(_SUBSCRIPTIONS, (contracts,)):
        under[row.contract_id, row.connection_id].append(row)
    fresh = {row.id for row in tables.subscription.new()}
    for (contract_id, connection_id), rows in under.items():
        last = max(rows, key=lambda row: (row.at, row.id))
        touched = {row.id for row in rows} & tables.claims.subscriptions
        news = "first" if fresh.issuperset(row.id for row in rows) else "changed" * bool(touched)
        values = {
            "items": total_items(row.items for row in rows),
            "currency": strict_json.dumps(last.currency),
        }
        for field, value in values.items():
            said[contract_id, field].append(
                Said(
                    connection_id, last.source_id, value, _LAST, last.at, last.event_id, 1, news,
                )
            )  # fmt: skip
    return said


_CONTRACTS = """
SELECT id, legal_entity_id, items::text AS items, currency FROM canonical_contract
WHERE id = ANY(%s) OR id IN (
    SELECT contract_id FROM canonical_subscription WHERE id = ANY(%s) AND contract_id IS NOT NULL
) ORDER BY id FOR NO KEY UPDATE
"""
_CLAIMS = """
SELECT claim.record_id, claim.field, claim.connection_id, claim.value::text AS value, claim.since,
    claim.at, claim.event_id, contract.source_id AS contract
FROM canonical_claim claim JOIN canonical_contract contract ON contract.id = claim.record_id
WHERE claim.record_kind = 'contract' AND claim.record_id = ANY(%s)
"""
_SUBSCRIPTIONS = """
SELECT subscription.id, contract_id, connection_id, source_id, items::text AS items, currency,
    coalesce(told_at, created_at) AS at,
    coalesce((
        SELECT event_id FROM canonical_recordchange change
        WHERE change.record_kind = 'subscription' AND change.record_id = subscription.id
            AND change.field IN ('items', 'currency', 'state', 'contract')
        ORDER BY change.id DESC LIMIT 1
    ), first_event_id) AS event_id
FROM canonical_subscription subscription
WHERE contract_id = ANY(%s) AND state <> 'cancelled'
"""
_WRITE = """
UPDATE canonical_contract AS old
SET updated_at = %s, items = new.items, currency = new.currency
FROM unnest(%b::bigint[], %b::jsonb[], %b::text[]) AS new (id, items, currency)
WHERE old.id = new.id
"""
