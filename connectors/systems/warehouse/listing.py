"""The journals that a warehouse holds: each entry with what its lines add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from connectors import loads
from connectors.contract import Outcome, Settings, SnapshotRow
from connectors.http import Client
from connectors.problem import Problem
from connectors.systems.warehouse.session import connected, meaning, schema_of

PAGE = loads.PAGE
_SILENT: Final = "The warehouse did not answer."
_NO_TABLE: Final = "sql_42P01"
_JOURNALS: Final = sql.SQL("""
WITH page AS (
    SELECT id, legal_entity, currency, accounting_date, document_type, business_key
    FROM {entries} WHERE id > %(after)s AND accounting_date BETWEEN %(start)s AND %(end)s
    ORDER BY id LIMIT %(most)s
)
SELECT page.id, page.legal_entity, page.currency, page.accounting_date::text, page.document_type,
    page.business_key, coalesce(booked.debits, 0)::bigint
FROM page LEFT JOIN (
    SELECT line.entry_id, sum(line.amount) AS debits FROM {lines} line
    WHERE line.amount > 0 AND line.entry_id IN (SELECT id FROM page) GROUP BY line.entry_id
) booked ON booked.entry_id = page.id
ORDER BY page.id
""")


async def journals(
    client: Client, settings: Settings, *, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """Raises Problem. The cursor is the last entry's id."""
    schema = schema_of(settings)
    asked = {"after": int(cursor or 0), "start": start, "end": end, "most": PAGE}
    statement = _JOURNALS.format(
        entries=sql.Identifier(schema, "journal_entries"),
        lines=sql.Identifier(schema, "journal_lines"),
    )
    try:
        async with connected(client, settings) as link:
            with meaning(Outcome.TRANSIENT, _SILENT):
                answer = await link.execute(statement, asked)
                held = await answer.fetchall()
    except Problem as problem:
        if problem.code == _NO_TABLE:  # nothing was loaded yet
            return (), ""
        raise
    rows = [
        loads.journal(
            id=row[0], legal_entity=row[1] or "", currency=row[2] or "", dated=row[3],
            document_type=row[4] or "", business_key=row[5] or "", debits=row[6],
        )
        for row in held
    ]  # fmt: skip
    return rows, str(held[-1][0]) if len(held) == PAGE else ""
