"""J3c: usage that was paid for with credits bought before."""

from __future__ import annotations

from typing import Final

from revops.contracts import registry
from revops.contracts.usage import UsageRated
from revops.kernel import strict_json
from revops.ledger.drafts import business_key as key_within
from revops.ledger.operations import LANE
from revops.ledger.rules import usage as rules
from revops.pipeline.period_end.plan import Closing, Plan, Planned
from revops.store import sql

_DRAWN: Final = """
SELECT told.data, told.correlation_id FROM events_businessevent told
WHERE told.subject = 'rated_line' AND told.contract = 'usage.rated/1' AND told.legal_entity = %s
  AND (told.data::jsonb ->> 'prepaid')::bigint > 0
  AND (told.data::jsonb ->> 'period_end')::date BETWEEN %s AND %s
ORDER BY told.id
"""
_POSTED: Final = """
SELECT business_key FROM ledger_journalentry
WHERE lane = %s AND legal_entity_id = %s AND document_type = 'drawdown' AND business_key = ANY(%s)
"""


def plan(closing: Closing) -> Plan:
    """
    An entry for each rated line that credits paid for, once. The price that rated it is the SKU
    that it is accounted for as.
    """
    books, span = closing.books, closing.period.span
    found: dict[str, tuple[UsageRated, str]] = {}
    for row in sql.rows(_DRAWN, (books.legal_entity, span.start, span.end)):
        data = registry.read("usage.rated/1", strict_json.loads(row.data))
        assert isinstance(data, UsageRated)
        found[key_within("usage", data.line_id)] = (data, row.correlation_id)
    posted = {row.business_key for row in sql.rows(_POSTED, (LANE, books.id, list(found)))}
    planned = [
        Planned(draft, story=story)
        for key, (data, story) in found.items()
        if key not in posted
        for draft in rules.drawn_down(
            data, closing.dated, business_key=key, accounting_date=closing.on, sku=data.price_id
        ).drafts
    ]
    return Plan(planned, {"lines": len(found), "drawn": len(planned)})
