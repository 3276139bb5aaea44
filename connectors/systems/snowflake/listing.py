"""The journals that Snowflake holds: each entry with what its lines add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from connectors import loads
from connectors.contract import SnapshotRow
from connectors.systems.snowflake import answers, statements
from connectors.systems.snowflake.session import Result, Snowflake
from revops.kernel.strict_json import dumps

PAGE = loads.PAGE


async def journals(
    snowflake: Snowflake, *, start: str, end: str, cursor: str
) -> tuple[Sequence[SnapshotRow], str]:
    """Raises Problem. The cursor is the last entry's id."""
    entries = await snowflake.ask_what_is_there(
        statements.entries(PAGE), int(cursor or 0), start, end
    )
    ids = [_whole(row[0]) for row in _of(entries, 6)]
    if not ids:
        return (), ""
    booked = await snowflake.ask_what_is_there(statements.DEBITS, dumps(ids))
    debits = {row[0]: _whole(row[1]) for row in _of(booked, 2)}
    seen: Counter[str | None] = Counter()
    rows = []
    for id_, entity, currency, dated, document_type, business_key in entries.rows:
        row = loads.journal(
            id=_whole(id_), legal_entity=entity or "", currency=currency or "",
            dated=dated or "", document_type=document_type or "",
            business_key=business_key or "", debits=debits.get(id_, 0),
        )  # fmt: skip
        seen[id_] += 1
        # Nothing enforces that an id is there once: a second row of one is listed as one.
        rows.append(
            row if seen[id_] == 1 else replace(row, external_id=f"{row.external_id}#{seen[id_]}")
        )
    return rows, str(ids[-1]) if len(ids) == PAGE else ""


def _whole(told: str | None) -> int:
    try:
        return int(told or "")
    except ValueError as error:
        raise answers.unclear(write=False) from error


def _of(found: Result, size: int) -> Sequence[tuple[str | None, ...]]:
    if any(len(row) != size for row in found.rows):
        raise answers.unclear(write=False)
    return found.rows
