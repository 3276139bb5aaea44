"""
Billing beside the documents that the ERP keeps of its own, where a route sends them as such: total
and tax of each, and what is still to be paid. A document that went as a journal is none of them.
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.checks.sides import listed, select
from revops.reconciliation.checks.through import rows

# Asked for as a document of the ERP's.
_SENT: Final = """EXISTS (SELECT 1 FROM delivery_outboundcommand command
    JOIN connectors_connection billing ON billing.id = held.connection_id
    WHERE command.lane = 'primary' AND command.legal_entity_id = held.legal_entity_id
        AND command.document_type = '{document}' AND command.kind = '{command}'
        AND command.business_key = billing.slug || ':' || held.key
        AND command.connection_id = %(other)s AND command.state <> 'cancelled')"""
_HELD: Final = """
FROM {rows} held
JOIN delivery_outboundcommand command ON command.key = held.key
    AND command.connection_id = held.connection_id
JOIN connectors_connection billing ON billing.id = %(other)s
WHERE held.gone_in_id IS NULL AND held.legal_entity_id = %(entity)s AND held.state <> 'cancelled'
    AND command.document_type = '{document}' AND command.kind = '{command}'
    AND starts_with(command.business_key, billing.slug || ':') AND {where}
"""
_ITS_ID: Final = """split_part(
    substr(command.business_key, strpos(command.business_key, ':') + 1), '~', 1)"""
# Nothing is on its way: billing and we know of the same payments, and the ERP has all of them.
_AT_REST: Final = """EXISTS (SELECT 1 FROM reconciliation_holding told
    JOIN connectors_connection source ON source.id = told.connection_id
    JOIN canonical_invoice invoice ON invoice.connection_id = told.connection_id
        AND invoice.source_id = told.key
    WHERE told.connection_id = {billing} AND told.kind = 'invoice' AND told.key = {key}
        AND told.gone_in_id IS NULL AND invoice.state <> 'written_off'
        AND (invoice.state = 'void'
            OR invoice.total - invoice.applied - invoice.credited = told.due)
        AND NOT EXISTS (SELECT 1 FROM ledger_journalline line
            JOIN delivery_outboundcommand sent ON sent.subject_kind = 'journal'
                AND sent.subject_id = line.entry_id
            WHERE line.item = 'invoice/' || source.slug || ':' || told.key
                AND sent.state NOT IN ('posted', 'cancelled')))"""


def check(
    *, slug: str, label: str, noun: str, kind: str, command: str, area: str,
    still_open: bool = False, in_erp: str = "",
) -> Check:  # fmt: skip
    """
    ``kind`` is billing's list and the type of our entry, ``in_erp`` the ERP's list where it has
    another name. ``still_open`` compares what is not
    paid, of invoices at rest: one that comes to rest is seen by the next full run at the latest.
    """
    left, right = "held.amount", "held.amount"
    left_where = _SENT.format(document=kind, command=command)
    right_where = "true"
    if still_open:
        left, right = "CASE lower(held.state) WHEN 'void' THEN 0 ELSE held.due END", "held.due"
        rest = _AT_REST.format(billing="held.connection_id", key="held.key")
        left_where = f"{left_where} AND held.due IS NOT NULL AND {rest}"
        rest = _AT_REST.format(billing="%(other)s", key=_ITS_ID)
        right_where = f"held.due IS NOT NULL AND {rest}"
    columns = {
        "item_key": "held.external_id",
        # Posted again, it has a further key of the same document.
        "key": _ITS_ID,
        "number": "coalesce(nullif(held.number, ''), held.external_id)",
        "reference": "held.reference",
        "party": "held.party",
        "currency": "held.currency",
        "amount": right,
        "tax": "NULL::bigint" if still_open else "held.tax",
        "dated": "held.day",
        "touched_at": "held.touched_at",
    }
    query = select(columns) + _HELD.format(
        rows=rows(in_erp or kind), document=kind, command=command, where=right_where
    )
    tax = "NULL::bigint" if still_open else "held.tax"
    return Check(
        slug=slug,
        label=label,
        left=listed(
            "{system}", kind, "billing", where=left_where, amount=left, tax=tax, state="''"
        ),
        right=Side(label="{system}", query=query, kind=in_erp or kind, role="erp"),
        area=area,
        noun=noun,
        compares=frozenset({"amount", "currency", "dated"} | (set() if still_open else {"tax"})),
        wait_days=1,
    )
