"""Recording journal entries, a batch at a time. Entries are only ever added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from revops.kernel.periods import Span
from revops.ledger.drafts import DraftLine, JournalDraft
from revops.ledger.lanes import PRIMARY
from revops.ledger.rates import Rate
from revops.store import sql

LANE = PRIMARY


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A draft with everything that places it: whose books, which period, caused by what."""

    id: int
    draft: JournalDraft
    legal_entity_id: int
    period_id: int
    period_code: str
    mapping_version: int
    business_event_id: int | None
    record_kind: str
    record_id: int | None
    correlation_id: str
    reverses_id: int | None = None
    lane: str = LANE


Identity = tuple[int, str, str, int]


def identity_of(legal_entity_id: int, draft: JournalDraft) -> Identity:
    """What may exist once in a lane."""
    return (legal_entity_id, draft.document_type, draft.business_key, draft.revision)


_EXISTING = """
SELECT entry.legal_entity_id, entry.document_type, entry.business_key, entry.revision,
    entry.content_sha256
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::smallint[])
    AS asked (legal_entity_id, document_type, business_key, revision)
JOIN ledger_journalentry entry USING (legal_entity_id, document_type, business_key, revision)
WHERE entry.lane = %s
"""


def existing(identities: Iterable[Identity], *, lane: str = LANE) -> dict[Identity, str]:
    """The content hashes of those that are already recorded."""
    asked = list(identities)
    if not asked:
        return {}
    columns = [list(column) for column in zip(*asked, strict=True)]
    return {tuple(row[:4]): row[4] for row in sql.rows(_EXISTING, (*columns, lane))}


_RECORDED = """
SELECT DISTINCT entry.legal_entity_id, entry.document_type, entry.business_key
FROM mappings_legalentity entity
CROSS JOIN unnest(%s::text[], %s::text[]) AS asked (document_type, business_key)
JOIN ledger_journalentry entry ON entry.lane = %s AND entry.legal_entity_id = entity.id
    AND entry.document_type = asked.document_type AND entry.business_key = asked.business_key
"""


def recorded(
    documents: Iterable[tuple[str, str]], *, lane: str = LANE
) -> set[tuple[int, str, str]]:
    """Those of the (document type, business key) that are in the books, with whose they are."""
    asked = list(documents)
    if not asked:
        return set()
    types, keys = (list(column) for column in zip(*asked, strict=True))
    return {tuple(row) for row in sql.rows(_RECORDED, (types, keys, lane))}


_ENTRIES = sql.Columns(
    "ledger_journalentry",
    id="bigint",
    legal_entity_id="bigint",
    period_id="bigint",
    lane="text",
    document_type="text",
    business_key="text",
    revision="smallint",
    accounting_date="date",
    document_date="date",
    currency="text",
    functional_currency="text",
    amount="bigint",
    description="text",
    rule="text",
    mapping_version="bigint",
    rate="numeric",
    rate_day="date",
    rate_source="text",
    content_sha256="text",
    business_event_id="bigint",
    record_kind="text",
    record_id="bigint",
    reverses_id="bigint",
    correlation_id="text",
    recorded_at="timestamptz",
)
_LINES = sql.Columns(
    "ledger_journalline",
    entry_id="bigint",
    position="smallint",
    account="text",
    amount="bigint",
    functional="bigint",
    memo="text",
    source_line="text",
    customer_ref="text",
    tax_code="text",
    service_start="date",
    service_end="date",
    item="text",
)


def record(entries: Sequence[NewEntry]) -> None:
    """
    Write entries with their lines, in the caller's transaction; the database checks at commit that
    each of them balances. Raises psycopg.errors.UniqueViolation when one exists already.
    """
    if not entries:
        return
    moment = sql.one("SELECT now() AS now")
    assert moment is not None
    heads = []
    lines = []
    for entry in entries:
        draft = entry.draft
        heads.append((
            entry.id, entry.legal_entity_id, entry.period_id, entry.lane, draft.document_type,
            draft.business_key, draft.revision, draft.accounting_date, draft.document_date,
            draft.currency, draft.functional_currency, draft.amount, draft.description, draft.rule,
            entry.mapping_version, draft.rate.value if draft.rate else None,
            draft.rate.day if draft.rate else None, draft.rate.source if draft.rate else "",
            draft.content_hash(), entry.business_event_id,
            entry.record_kind, entry.record_id, entry.reverses_id, entry.correlation_id,
            moment.now,
        ))  # fmt: skip
        for position, line in enumerate(draft.lines):
            lines.append((
                entry.id, position, line.account, line.amount, line.functional, line.memo,
                line.source_line, line.customer_id, line.tax_code,
                line.service.start if line.service else None,
                line.service.end if line.service else None, line.item,
            ))  # fmt: skip
    _ENTRIES.insert(heads)
    _LINES.insert(lines)


_GIVEN_BACK = sql.Columns(
    "ledger_givenback",
    legal_entity_id="bigint",
    entry_id="bigint",
    invoice_key="text",
    line_id="text",
    tax_code="text",
    amount="bigint",
)


def record_given_back(rows: Sequence[tuple[int, int, str, str, str, int]]) -> None:
    """(entity, entry, invoice key, line, tax code or blank, amount) of what credits gave back."""
    _GIVEN_BACK.insert(rows)


@dataclass(frozen=True, slots=True)
class Standing:
    """A recorded entry that has not been reversed, as a draft again."""

    id: int
    record_id: int
    draft: JournalDraft


_HEADS = """
SELECT entry.id, entry.record_id, entity.code AS legal_entity, entry.document_type,
    entry.business_key, entry.revision, entry.accounting_date, entry.currency,
    entry.functional_currency, entry.description, entry.rule, entry.mapping_version, entry.rate,
    entry.rate_day, entry.rate_source, entry.document_date
FROM ledger_journalentry entry JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
WHERE entry.reverses_id IS NULL
  AND NOT EXISTS (SELECT 1 FROM ledger_journalentry undo WHERE undo.reverses_id = entry.id)
"""
_STANDING = f"""{_HEADS}
  AND entry.record_kind = %s AND entry.record_id = ANY(%s) AND entry.lane = %s
  AND entry.document_type = ANY(%s)
ORDER BY entry.id
"""
_STANDING_BY_ID = f"{_HEADS} AND entry.id = ANY(%s) ORDER BY entry.id"
_STANDING_LINES = """
SELECT entry_id, account, amount, functional, memo, source_line, customer_ref, tax_code,
    service_start, service_end, item
FROM ledger_journalline WHERE entry_id = ANY(%s) ORDER BY entry_id, position
"""


def standing(
    record_kind: str,
    record_ids: Iterable[int],
    *,
    document_types: Sequence[str],
    lane: str = LANE,
) -> Mapping[int, list[Standing]]:
    """Entries about these records that nothing has reversed yet, by record id."""
    heads = sql.rows(_STANDING, (record_kind, list(record_ids), lane, list(document_types)))
    found: dict[int, list[Standing]] = {}
    for one in _drafts(heads):
        found.setdefault(one.record_id, []).append(one)
    return found


def standing_by_id(entry_ids: Iterable[int]) -> dict[int, Standing]:
    """Those of these entries that are no reversals and that nothing has reversed yet."""
    return {one.id: one for one in _drafts(sql.rows(_STANDING_BY_ID, (list(entry_ids),)))}


def _drafts(heads: Sequence[Any]) -> list[Standing]:
    lines: dict[int, list[DraftLine]] = {}
    for row in sql.rows(_STANDING_LINES, ([head.id for head in heads],)) if heads else ():
        span = Span(row.service_start, row.service_end) if row.service_start else None
        lines.setdefault(row.entry_id, []).append(
            DraftLine(
                account=row.account,
                amount=row.amount,
                functional=row.functional,
                memo=row.memo,
                source_line=row.source_line,
                customer_id=row.customer_ref,
                tax_code=row.tax_code,
                service=span,
                item=row.item,
            )
        )
    found = []
    for head in heads:
        draft = JournalDraft(
            legal_entity=head.legal_entity,
            document_type=head.document_type,
            business_key=head.business_key,
            revision=head.revision,
            accounting_date=head.accounting_date,
            currency=head.currency,
            functional_currency=head.functional_currency,
            description=head.description,
            rule=head.rule,
            lines=tuple(lines[head.id]),
            mapping_version=head.mapping_version,
            rate=None if head.rate is None else Rate(head.rate, head.rate_day, head.rate_source),
            document_date=head.document_date,
        )
        found.append(Standing(head.id, head.record_id, draft))
    return found


_UNDO_RECOGNITION = """
INSERT INTO ledger_recognition (schedule_id, period_code, revision, amount, functional_amount,
    entry_id)
SELECT done.schedule_id, done.period_code,
    (SELECT max(revision) FROM ledger_recognition same
     WHERE same.schedule_id = done.schedule_id AND same.period_code = done.period_code)
        + row_number() OVER (PARTITION BY done.schedule_id, done.period_code ORDER BY done.id),
    -done.amount, -done.functional_amount, undo.id
FROM ledger_recognition done
JOIN unnest(%s::bigint[], %s::bigint[]) AS undo (of_id, id) ON undo.of_id = done.entry_id
"""


def undo_recognition(undone: Sequence[tuple[int, int]]) -> None:
    """(entry, its reversal): what a reversed entry had recognised counts no longer."""
    if undone:
        sql.run(_UNDO_RECOGNITION, [list(column) for column in zip(*undone, strict=True)])
