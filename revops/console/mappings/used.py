"""
How often rows of a map were used in the last thirty days, and by which sources: counted now and
then, for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.cache import cache

from revops.kernel import clock
from revops.mappings.kinds import MapKind
from revops.store import rows, sql

DAYS: Final = 30
_KEPT: Final = 600

_USED: Final = {
    "tax-codes": """
        SELECT entity.code, line.tax_code AS key, count(DISTINCT entry.id) AS times,
            array_agg(DISTINCT source.slug) AS sources
        FROM ledger_journalentry entry
        JOIN ledger_journalline line ON line.entry_id = entry.id AND line.tax_code <> ''
        JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
        LEFT JOIN events_businessevent told ON told.id = entry.business_event_id
        LEFT JOIN events_inboundevent came ON came.id = told.inbound_id
        LEFT JOIN connectors_connection source ON source.id = came.connection_id
        WHERE entry.recorded_at >= %s GROUP BY 1, 2
    """,
    "skus": """
        SELECT entity.code, line.sku AS key, count(DISTINCT invoice.id) AS times,
            array_agg(DISTINCT source.slug) AS sources
        FROM canonical_invoice invoice
        JOIN canonical_invoiceline line ON line.invoice_id = invoice.id
        JOIN connectors_connection source ON source.id = invoice.connection_id
        JOIN mappings_legalentity entity ON entity.id = invoice.legal_entity_id
        WHERE invoice.created_at >= %s GROUP BY 1, 2
    """,
    "accounts": """
        SELECT entity.code, map.role AS key, count(DISTINCT entry.id) AS times,
            NULL::text[] AS sources
        FROM ledger_journalentry entry
        JOIN ledger_journalline line ON line.entry_id = entry.id
        JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
        JOIN mappings_ledgeraccount account ON account.code = line.account
        JOIN mappings_accountmap map ON map.legal_entity_id = entity.id
            AND map.account_id = account.id AND map.valid @> entry.accounting_date
        WHERE entry.recorded_at >= %s GROUP BY 1, 2
    """,
}


@dataclass(frozen=True, slots=True)
class Use:
    """How many documents used a row, and the connections (slugs) that they came from."""

    times: int = 0
    sources: tuple[str, ...] = ()


def used(kind: MapKind) -> Mapping[tuple[str, str], Use] | None:
    """(entity, key) → its use; None where nothing tells. At most ten minutes old."""
    statement = _USED.get(kind.slug)
    if statement is None:
        return None
    name = f"mappings:use:{kind.slug}"
    held: dict[tuple[str, str], Use] | None = cache.get(name)
    if held is None:
        since = clock.now() - timedelta(days=DAYS)
        # Rows of the grid decide who sees which of these counts.
        with rows.within(None):
            held = {
                (row.code, row.key): Use(row.times, tuple(filter(None, row.sources or ())))
                for row in sql.rows(statement, (since,))
            }
        cache.set(name, held, _KEPT)
    return held
