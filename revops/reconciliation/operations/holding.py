"""
A list beside what was known of it: new, changed, gone. A few statements, whatever its length.

The hash of a list does not depend on the order in which its pages came: it is the SHA-256 over the
SHA-256s of its rows in the order of their ids, each row's fields parted by U+001F (docs/
reconciliation.md).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from connectors.contract import SnapshotRow
from revops.kernel import clock
from revops.reconciliation.models import Load, LoadState
from revops.store import sql

# What stands without a day is listed from here on; a system may date it before.
BEGINNING: Final = date(2000, 1, 1)
_COLUMNS: Final = (
    "external_id", "key", "currency", "amount", "dated", "state", "number", "reference",
    "group_key", "party", "entity", "tax", "due", "accounts", "at",
)  # fmt: skip
_WIDTHS: Final = {
    "external_id": 120, "key": 120, "currency": 3, "state": 24, "number": 120, "reference": 240,
    "group_key": 120, "party": 240, "entity": 120,
}  # fmt: skip
_STAGE: Final = """
CREATE TEMPORARY TABLE rec_listed (
    external_id text, key text, currency text, amount bigint, dated date, state text, number text,
    reference text, group_key text, party text, entity text, tax bigint, due bigint, accounts jsonb,
    at timestamptz,
    position bigint GENERATED ALWAYS AS IDENTITY
) ON COMMIT DROP
"""
_INTO: Final = f"COPY rec_listed ({', '.join(_COLUMNS)}) FROM STDIN"
# A list that moves while it is read may tell a row twice: what it told last counts.
_TWICE: Final = """
DELETE FROM rec_listed earlier USING rec_listed later
WHERE earlier.external_id = later.external_id AND earlier.position < later.position
"""
_INDEX: Final = "CREATE INDEX ON rec_listed (external_id)"
_LOT: Final = 1 << 20
_PATIENCE_MS: Final = "900000"
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('reconciliation.list', %s))"

# Where our own record of a row says whose books it is in; the list's hint counts for the others.
_RECORDS: Final = {
    "invoice": ("canonical_invoice", "listed.external_id"),
    "credit": ("canonical_credit", "listed.external_id"),
    "payment": ("canonical_payment", "listed.key"),
    "fee": ("canonical_payment", "listed.key"),
    "refund": ("canonical_refund", "listed.external_id"),
    "dispute": ("canonical_dispute", "listed.external_id"),
    "payout": ("canonical_payout", "listed.external_id"),
    "balance": ("canonical_payout", "listed.group_key"),
    "customer": ("canonical_customer", "listed.external_id"),
    "account": ("canonical_customer", "listed.external_id"),
    "company": ("canonical_customer", "listed.external_id"),
    "opportunity": ("canonical_opportunity", "listed.external_id"),
    "contract": ("canonical_contract", "listed.external_id"),
}
_OURS: Final = """(SELECT record.legal_entity_id FROM {table} record
    WHERE record.connection_id = %(connection)s AND record.source_id = {id})"""
_ENTITY: Final = """coalesce({ours},
    (SELECT map.legal_entity_id FROM mappings_entitymap map
        WHERE map.connection_id = %(connection)s AND map.hint = listed.entity
            AND listed.entity <> ''),
    (SELECT entity.id FROM mappings_legalentity entity WHERE entity.code = listed.entity),
    (SELECT map.legal_entity_id FROM mappings_entitymap map
        WHERE map.connection_id = %(connection)s AND map.hint = ''))"""
_TOLD: Final = (
    "key", "number", "reference", "group_key", "party", "currency", "amount", "tax", "due",
    "accounts", "dated", "state", "legal_entity_id",
)  # fmt: skip
# A document is edited when one of these reads differently; a state goes its own way.
_KEPT: Final = ("key", "currency", "amount", "tax", "dated", "accounts")
_BEFORE: Final = ("key", "currency", "amount", "tax", "dated", "state", "accounts")

# The day of an instant is that of the books which the row belongs to.
_ODD: Final = {
    "legal_entity_id": "books.id",
    "dated": "coalesce((listed.at AT TIME ZONE books.zone)::date, listed.dated)",
}
_VALUES: Final = ", ".join(_ODD.get(name, f"listed.{name}") for name in _TOLD)
_OLD, _NEW = (f"({', '.join(f'{row}.{name}' for name in _TOLD)})" for row in ("held", "excluded"))
_CONTENT_OLD, _CONTENT_NEW = (
    f"({', '.join(f'{row}.{name}' for name in _KEPT)})" for row in ("held", "excluded")
)
_TAKE: Final = f"""
WITH told AS (
    INSERT INTO reconciliation_holding AS held (
        connection_id, kind, external_id, {", ".join(_TOLD)}, first_in_id, seen_in_id, touched_at)
    SELECT %(connection)s, %(kind)s, listed.external_id, {_VALUES}, %(load)s, %(load)s, %(now)s
    FROM (SELECT listed.*, {{entity}} AS entity_id FROM rec_listed listed OFFSET 0) listed
    LEFT JOIN mappings_legalentity books ON books.id = listed.entity_id
    ON CONFLICT (connection_id, kind, external_id) DO UPDATE SET
        {", ".join(f"{name} = excluded.{name}" for name in _TOLD)},
        seen_in_id = excluded.seen_in_id, gone_in_id = NULL, touched_at = excluded.touched_at,
        changed_in_id = excluded.seen_in_id,
        before = CASE WHEN {_CONTENT_OLD} IS DISTINCT FROM {_CONTENT_NEW}
            THEN jsonb_build_object({", ".join(f"'{name}', held.{name}" for name in _BEFORE)})
            ELSE held.before END
    WHERE {_OLD} IS DISTINCT FROM {_NEW} OR held.gone_in_id IS NOT NULL
    RETURNING first_in_id
)
SELECT count(*) FILTER (WHERE first_in_id <> %(load)s) AS changed FROM told
"""  # noqa: S608  our own literals
_GONE: Final = """
UPDATE reconciliation_holding held SET gone_in_id = %(load)s, touched_at = %(now)s
WHERE held.connection_id = %(connection)s AND held.kind = %(kind)s AND held.gone_in_id IS NULL
    AND held.dated BETWEEN %(starts)s AND %(ends)s
    AND NOT EXISTS (SELECT 1 FROM rec_listed listed WHERE listed.external_id = held.external_id)
"""
# A list reaches a day beyond what was asked for, on both sides: zones differ.
_TOTALS: Final = """
SELECT coalesce(books.code, '') AS entity, held.currency, held.state, count(*) AS count,
    coalesce(sum(held.amount), 0)::bigint AS amount
FROM rec_listed listed
JOIN reconciliation_holding held ON held.connection_id = %(connection)s
    AND held.kind = %(kind)s AND held.external_id = listed.external_id
LEFT JOIN mappings_legalentity books ON books.id = held.legal_entity_id
WHERE held.dated BETWEEN %(starts)s AND %(ends)s
GROUP BY books.code, held.currency, held.state ORDER BY 1, 2, 3
"""
_HASH: Final = """
SELECT encode(sha256(coalesce(string_agg(sha256(convert_to(concat_ws(chr(31), external_id, key,
    currency, amount, dated, state, coalesce(tax::text, ''), number), 'UTF8')), ''::bytea
    ORDER BY external_id), ''::bytea)), 'hex') AS sha256
FROM rec_listed
"""
_CLEAN: Final = str.maketrans({"\\": "\\\\", "\t": " ", "\n": " ", "\r": " ", "\x00": "\ufffd"})


def line(row: SnapshotRow) -> str:
    """A row as ``COPY`` takes it. Texts that are longer than their column are cut."""
    told = [
        *(_text(row, name) for name in ("external_id", "key", "currency")),
        str(row.amount),
        row.dated or BEGINNING.isoformat(),
        *(_text(row, name) for name in ("state", "number", "reference", "group_key", "party",
                                        "entity")),
        _number(row.tax),
        _number(row.due),
        json.dumps(row.accounts, separators=(",", ":")).translate(_CLEAN)
        if row.accounts else "\\N",
        row.at or "\\N",
    ]  # fmt: skip
    return "\t".join(told) + "\n"


def take(begun: Load, lines: Iterable[str], *, whole: bool) -> None:
    """
    Write a list, in the caller's transaction, and what it came to on ``begun``. ``whole``: it is
    all that there is of its days, so what is not on it is gone.
    """
    now = clock.now()
    # A million new rows take longer than any page may.
    sql.run("SELECT set_config('statement_timeout', %s, true)", (_PATIENCE_MS,))
    sql.run(_LOCK, (begun.connection_id,))
    sql.run("DROP TABLE IF EXISTS rec_listed")
    sql.run(_STAGE)
    for part in _parts(lines):
        sql.copy(_INTO, part)
    sql.run(_INDEX)
    sql.run(_TWICE)
    sql.run("ANALYZE rec_listed")
    values = {
        "connection": begun.connection_id, "kind": begun.kind, "load": begun.pk, "now": now,
        "starts": begun.starts if begun.starts > BEGINNING else date.min, "ends": begun.ends,
    }  # fmt: skip
    taken = sql.one(_TAKE.replace("{entity}", _entity(begun.kind)), values)
    assert taken is not None
    begun.changed = taken.changed
    begun.gone = sql.run(_GONE, values) if whole else 0
    totals = sql.rows(_TOTALS, values)
    begun.totals = [dict(row._asdict()) for row in totals]
    begun.rows = sum(row.count for row in totals)
    hashed = sql.one(_HASH)
    assert hashed is not None
    begun.sha256 = hashed.sha256
    begun.state, begun.ended_at = LoadState.DONE, clock.now()
    begun.save(
        update_fields=["changed", "gone", "totals", "rows", "sha256", "state", "ended_at"]
    )  # fmt: skip


def _parts(lines: Iterable[str]) -> Iterator[list[str]]:
    """Lots of lines: neither all of them in memory, nor a statement for each."""
    part: list[str] = []
    size = 0
    for one in lines:
        part.append(one)
        size += len(one)
        if size >= _LOT:
            yield part
            part, size = [], 0
    if part:
        yield part


def _entity(kind: str) -> str:
    table, key = _RECORDS.get(kind, ("", ""))
    ours = _OURS.format(table=table, id=key) if table else "NULL::bigint"
    return _ENTITY.format(ours=ours)


def _text(row: SnapshotRow, name: str) -> str:
    text: str = getattr(row, name)
    return text[: _WIDTHS[name]].translate(_CLEAN)


def _number(amount: int | None) -> str:
    return "\\N" if amount is None else str(amount)
