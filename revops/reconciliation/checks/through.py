"""
Billing beside the ERP, each by its own list: our books take part only by the key of a posting,
which follows from what the document is (connection, kind and billing's own id).
"""

from __future__ import annotations

from typing import Final

from revops.reconciliation.checks.base import Check, Side
from revops.reconciliation.checks.books import UNDONE, on, role
from revops.reconciliation.checks.sides import listed, select

# A posting in a foreign currency lists both: the document's own is the one that billing knows.
_CURRENCY: Final = """coalesce((SELECT code FROM jsonb_object_keys(held.accounts) code
    WHERE code <> held.currency ORDER BY code LIMIT 1), held.currency)"""
# What somebody agreed to date later and was posted so counts on its document's own day.
_LATE: Final = """(
    SELECT moved.key, entry.accounting_date AS posted, entry.document_date AS day
    FROM ledger_journalentry entry JOIN delivery_outboundcommand moved
        ON moved.subject_kind = 'journal' AND moved.subject_id = entry.id
    WHERE entry.legal_entity_id = %(entity)s AND moved.connection_id = %(connection)s
        AND entry.document_date <> entry.accounting_date
) late"""
_ROWS: Final = f"""(
    SELECT held.*, held.dated AS day FROM reconciliation_holding held
    LEFT JOIN {_LATE} ON late.key = held.key AND late.posted = held.dated
    WHERE held.connection_id = %(connection)s AND held.kind = '{{kind}}'
        AND held.dated BETWEEN %(starts)s AND %(ends)s AND late.key IS NULL
    UNION ALL
    SELECT held.*, late.day FROM {_LATE}
    JOIN reconciliation_holding held ON held.key = late.key AND late.posted = held.dated
        AND held.connection_id = %(connection)s AND held.kind = '{{kind}}'
    WHERE late.day BETWEEN %(starts)s AND %(ends)s
)"""  # noqa: S608  our own literals
_HELD: Final = """
FROM {rows} held
JOIN delivery_outboundcommand command ON command.key = held.key
    AND command.connection_id = held.connection_id
CROSS JOIN LATERAL (SELECT {currency} AS currency) document
WHERE held.gone_in_id IS NULL AND held.legal_entity_id = %(entity)s
    AND held.state = 'posted' AND {undone} AND command.document_type = '{document_type}'
    AND EXISTS (SELECT 1 FROM ledger_journalentry entry WHERE command.subject_kind = 'journal'
        AND entry.id = command.subject_id AND entry.record_kind = '{record}')
    AND command.business_key LIKE (
        SELECT slug FROM connectors_connection WHERE id = %(other)s) || ':%%'
    AND NOT EXISTS (SELECT 1 FROM delivery_outboundcommand back
        WHERE back.lane = command.lane AND back.legal_entity_id = command.legal_entity_id
            AND back.document_type = '{undone_by}' AND back.business_key = command.business_key)
"""
# What the ERP was to keep on that day: another one may keep these books before or after.
_ROUTED: Final = """EXISTS (SELECT 1 FROM mappings_erproute route
    WHERE route.legal_entity_id = held.legal_entity_id AND route.connection_id = %(other)s
        AND route.valid @> held.dated)"""
_UNDONE: Final = """CASE WHEN EXISTS (SELECT 1 FROM ledger_journalentry undone
    WHERE undone.reverses_id = command.subject_id AND undone.document_type = 'void')
    THEN 'void' ELSE 'standing' END"""


def rows(kind: str) -> str:
    """What the ERP lists of a kind, each with the ``day`` of its document."""
    return _ROWS.format(kind=kind)


def check(
    *, slug: str, label: str, noun: str, kind: str, document_type: str, accounts: tuple[str, ...],
    sign: str, area: str, undone_by: str = "", tells_voids: bool = False, where: str = "",
) -> Check:  # fmt: skip
    """
    ``kind`` is both billing's list and the kind of our record. ``accounts`` are the roles of the
    accounts whose movement is what the document is over, ``sign`` what makes it positive; ``where``
    says which rows of billing's list count. ``undone_by`` is the type of document after which
    billing lists it no more, although the ERP holds both.
    """
    right = {
        "item_key": "held.external_id",
        # Posted again, it has a further key of the same document.
        "key": "split_part(substr(command.business_key, strpos(command.business_key, ':') + 1),"
        " '~', 1)",
        "number": "coalesce(nullif(held.number, ''), held.external_id)",
        "reference": "held.reference",
        "party": "held.party",
        "currency": "document.currency",
        "amount": f"CASE WHEN held.accounts IS NULL THEN held.amount ELSE {sign}"
        + on(role(*accounts), currency="document.currency")
        + " END",
        "dated": "held.day",
        "state": _UNDONE if tells_voids else "''",
        "touched_at": "held.touched_at",
    }
    rest = _HELD.format(
        rows=rows("journal"),
        currency=_CURRENCY,
        document_type=document_type,
        record=kind,
        undone_by=undone_by,
        undone=UNDONE,
    )
    standing = "CASE lower(held.state) WHEN 'void' THEN 'void' ELSE 'standing' END"
    return Check(
        slug=slug,
        label=label,
        left=listed(
            "{system}",
            kind,
            "billing",
            where=" AND ".join(filter(None, (where, _ROUTED))),
            state=standing if tells_voids else "''",
        ),
        right=Side(label="{system}", query=select(right) + rest, kind="journal", role="erp"),
        area=area,
        noun=noun,
        compares=frozenset({"amount", "currency", "dated"} | ({"state"} if tells_voids else set())),
        wait_days=1,
    )
