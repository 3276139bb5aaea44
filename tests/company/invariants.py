"""
The invariants of the books as questions to the database: what each of them returns is wrong.

They are asked of one legal entity whose last told day is ``upto``. The numbers are those of
docs/accounting.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection

from revops.ledger.queries import controls
from revops.mappings.models import LegalEntity
from tests.company import feed
from tests.company.world import Company

Wrong = list[Any]


def rows(statement: str, **params: object) -> Wrong:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def i1_entries_balance(entity: LegalEntity) -> Wrong:
    """Each in its currency and in the books' own, each line on one side of both."""
    return rows(_UNBALANCED, entity=entity.pk) + rows(_TWO_SIDED, entity=entity.pk)


def i2_chains_hold_what_is_left(entity: LegalEntity, upto: date) -> Wrong:
    """
    A schedule spreads its line's net amount, and one that is over has earned all of it. What is
    deferred of a chain is between nothing and all that was billed of it, and all chains together
    are the deferred revenue of the books.
    """
    wrong = rows(_NOT_ITS_LINE, entity=entity.pk) + rows(_NOT_EARNED, entity=entity.pk, upto=upto)
    chains = rows(_DEFERRED, entity=entity.pk)
    wrong += [one for one in chains if not 0 <= one[2] <= one[1]]
    held = -feed.balances(entity.code, upto).get("2300", 0)
    if sum(one[2] for one in chains) != held:
        wrong.append(("2300", held, chains))
    return wrong


def i3_deferred_revenue_rolls_forward(entity: LegalEntity, upto: date) -> Wrong:
    """What it was, with what came and went, is what it is, and what the schedules will earn."""
    wrong: Wrong = []
    held = -feed.balances(entity.code, upto).get("2300", 0)
    for step in feed.rolled(entity, upto):
        if not step.ties or step.closing != held:
            wrong.append(step)
    return wrong


def i4_receivables_are_open_invoices(entity: LegalEntity) -> Wrong:
    """And what is owed to a customer never becomes a debt of theirs."""
    wrong: Wrong = [one for one in controls.receivables(entity_id=entity.pk) if one.difference]
    return wrong + list(controls.wrong_sides(entity_id=entity.pk))


def i5_clearing_is_the_processors_balance(
    entity: LegalEntity, upto: date, company: Company
) -> Wrong:
    """As the processor has it; what a payout named has gone with it."""
    wrong: Wrong = [one for one in controls.clearing(entity_id=entity.pk) if one.difference]
    held = feed.balances(entity.code, upto).get("1050", 0)
    theirs = company.at_processor(entity.code, upto)
    return wrong if held == theirs else [*wrong, ("1050", held, theirs)]


def i6_tax_is_what_was_charged_less_what_went(entity: LegalEntity, upto: date) -> Wrong:
    """By jurisdiction: invoices less voids, credits, write-offs and what was remitted."""
    found = controls.tax(entity_id=entity.pk, on=upto)
    wrong: Wrong = [one for one in found if one.other and one.invoiced + one.other != one.charged]
    owed = sum(one.owed for one in found)
    held = -feed.balances(entity.code, upto).get("2100", 0)
    return wrong if owed == held else [*wrong, ("2100", held, found)]


def i8_corrections_say_what_they_correct(entity: LegalEntity) -> Wrong:
    """A reversal names one entry and is no more than it; a revision follows the one before it."""
    return rows(_REVERSALS, entity=entity.pk) + rows(_GAPS, entity=entity.pk)


def i9_no_more_is_given_back_than_was_charged(entity: LegalEntity) -> Wrong:
    """Of a line's price, and of each tax on it."""
    return rows(_GIVEN_BACK, entity=entity.pk)


def i11_lines_trace_to_a_source(entity: LegalEntity) -> Wrong:
    """
    To a source line, a payload by its hash, and the mapping version. Recognition has no event of
    its own: it traces by its schedule to the entry that made that.
    """
    return rows(_UNTRACED, entity=entity.pk) + rows(_NAMELESS, entity=entity.pk)


def i11_source_lines_trace_to_the_books(entity: LegalEntity) -> Wrong:
    """Each line of an invoice, and each document that moves money."""
    return rows(_UNBOOKED_LINES, entity=entity.pk) + rows(_UNBOOKED, entity=entity.pk)


def i12_the_net_is_the_sum_of_rounded_lines(entity: LegalEntity) -> Wrong:
    return rows(_NOT_THE_SUM, entity=entity.pk)


def fingerprint(entities: Sequence[LegalEntity], upto: date) -> Wrong:
    """What the books hold that is dated up to a day, so that any change of it shows."""
    ids = [entity.pk for entity in entities]
    return rows(_FINGERPRINT, entities=ids, upto=upto)


_UNBALANCED = """
SELECT entry.id, entry.document_type, sum(line.amount), sum(line.functional)
FROM ledger_journalentry entry LEFT JOIN ledger_journalline line ON line.entry_id = entry.id
WHERE entry.legal_entity_id = %(entity)s GROUP BY entry.id
HAVING count(line.id) < 2 OR sum(line.amount) <> 0 OR sum(line.functional) <> 0
"""
_TWO_SIDED = """
SELECT line.entry_id, line.account, line.amount, line.functional
FROM ledger_journalline line JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE entry.legal_entity_id = %(entity)s AND (sign(line.amount) * sign(line.functional) < 0
    OR (line.amount = 0 AND line.functional = 0)
    OR (entry.currency = entry.functional_currency AND line.amount <> line.functional))
"""
_NOT_ITS_LINE = """
SELECT schedule.id, schedule.total, line.amount
FROM ledger_revenueschedule schedule JOIN ledger_journalentry entry ON entry.id = schedule.entry_id
JOIN canonical_invoiceline line
    ON line.invoice_id = entry.record_id AND line.line_id = schedule.line_id
WHERE schedule.legal_entity_id = %(entity)s AND entry.record_kind = 'invoice'
  AND schedule.part = 1 AND schedule.carried = 0 AND NOT line.proration
  AND schedule.total <> line.amount
"""
_NOT_EARNED = """
SELECT schedule.id, schedule.total, coalesce(sum(done.amount), 0)
FROM ledger_revenueschedule schedule
LEFT JOIN ledger_recognition done ON done.schedule_id = schedule.id
WHERE schedule.legal_entity_id = %(entity)s AND schedule.stopped_on IS NULL
  AND schedule.service_end <= %(upto)s
GROUP BY schedule.id HAVING coalesce(sum(done.amount), 0) <> schedule.total
"""
_DEFERRED = """
WITH done AS (
    SELECT schedule_id, sum(amount) AS amount FROM ledger_recognition GROUP BY schedule_id
)
SELECT schedule.chain,
    coalesce(sum(schedule.total - schedule.carried) FILTER (
        WHERE schedule.stop_reason <> 'void' AND schedule.total > schedule.carried), 0)::bigint,
    (coalesce(sum(schedule.total - schedule.carried - schedule.given_up) FILTER (
        WHERE schedule.stop_reason <> 'void'), 0) - coalesce(sum(done.amount), 0))::bigint
FROM ledger_revenueschedule schedule LEFT JOIN done ON done.schedule_id = schedule.id
WHERE schedule.legal_entity_id = %(entity)s GROUP BY schedule.chain
"""
_REVERSALS = """
SELECT entry.id, entry.document_type FROM ledger_journalentry entry
WHERE entry.legal_entity_id = %(entity)s AND entry.document_type = 'void'
  AND entry.reverses_id IS NULL
UNION ALL
SELECT both_of.id, line.account
FROM (SELECT undo.reverses_id AS id, undo.id AS entry_id FROM ledger_journalentry undo
      WHERE undo.legal_entity_id = %(entity)s AND undo.reverses_id IS NOT NULL
      UNION SELECT undo.reverses_id, undo.reverses_id FROM ledger_journalentry undo
      WHERE undo.legal_entity_id = %(entity)s AND undo.reverses_id IS NOT NULL) AS both_of
JOIN ledger_journalline line ON line.entry_id = both_of.entry_id
GROUP BY both_of.id, line.account HAVING sum(line.amount) <> 0 OR sum(line.functional) <> 0
"""
_GAPS = """
SELECT entry.id, entry.business_key FROM ledger_journalentry entry
WHERE entry.legal_entity_id = %(entity)s AND entry.revision > 1 AND NOT EXISTS (
    SELECT FROM ledger_journalentry before
    WHERE before.legal_entity_id = entry.legal_entity_id AND before.lane = entry.lane
      AND before.document_type = entry.document_type AND before.business_key = entry.business_key
      AND before.revision < entry.revision)
"""
_GIVEN_BACK = """
WITH back AS (
    SELECT split_part(invoice_key, ':', 2) AS invoice, line_id, tax_code, sum(amount) AS amount
    FROM ledger_givenback WHERE legal_entity_id = %(entity)s GROUP BY 1, 2, 3
)
SELECT back.line_id, back.tax_code, back.amount FROM back
LEFT JOIN canonical_invoice invoice ON invoice.source_id = back.invoice
LEFT JOIN canonical_invoiceline line
    ON line.invoice_id = invoice.id AND line.line_id = back.line_id
WHERE line.id IS NULL OR back.amount > CASE back.tax_code WHEN '' THEN line.amount ELSE (
    SELECT sum((charge ->> 'amount')::bigint) FROM jsonb_array_elements(line.taxes) AS charge
    WHERE charge ->> 'code' = back.tax_code) END
"""
_UNTRACED = """
WITH made_by AS (
    SELECT done.entry_id AS id, schedule.entry_id AS by
    FROM ledger_recognition done JOIN ledger_revenueschedule schedule
        ON schedule.id = done.schedule_id
    WHERE schedule.legal_entity_id = %(entity)s AND done.entry_id IS NOT NULL
)
SELECT entry.id, entry.document_type FROM ledger_journalentry entry
LEFT JOIN made_by ON made_by.id = entry.id AND entry.business_event_id IS NULL
LEFT JOIN ledger_journalentry source ON source.id = coalesce(made_by.by, entry.id)
LEFT JOIN events_businessevent told ON told.id = source.business_event_id
LEFT JOIN events_inboundevent raw ON raw.id = told.inbound_id
LEFT JOIN mappings_mappingversion version ON version.id = entry.mapping_version
WHERE entry.legal_entity_id = %(entity)s
  AND (raw.id IS NULL OR length(raw.body_sha256) <> 64 OR version.id IS NULL)
"""
_NAMELESS = """
SELECT line.entry_id, line.account FROM ledger_journalline line
JOIN ledger_journalentry entry ON entry.id = line.entry_id
WHERE entry.legal_entity_id = %(entity)s AND line.source_line = ''
"""
_UNBOOKED_LINES = """
SELECT invoice.source_id, line.line_id FROM canonical_invoiceline line
JOIN canonical_invoice invoice ON invoice.id = line.invoice_id
WHERE invoice.legal_entity_id = %(entity)s AND line.amount <> 0 AND NOT EXISTS (
    SELECT FROM ledger_journalentry entry JOIN ledger_journalline booked
        ON booked.entry_id = entry.id AND booked.source_line = line.line_id
    WHERE entry.record_kind = 'invoice' AND entry.record_id = invoice.id
      AND entry.document_type = 'invoice')
"""
_UNBOOKED = """
WITH documents AS (
    SELECT 'payment' AS kind, id, source_id FROM canonical_payment
        WHERE legal_entity_id = %(entity)s AND state <> 'failed' AND amount <> 0
    UNION ALL SELECT 'refund', id, source_id FROM canonical_refund
        WHERE legal_entity_id = %(entity)s AND amount <> 0
    UNION ALL SELECT 'credit', id, source_id FROM canonical_credit
        WHERE legal_entity_id = %(entity)s AND total <> 0
    UNION ALL SELECT 'dispute', id, source_id FROM canonical_dispute
        WHERE legal_entity_id = %(entity)s AND amount <> 0
    UNION ALL SELECT 'payout', id, source_id FROM canonical_payout
        WHERE legal_entity_id = %(entity)s AND amount <> 0
)
SELECT documents.kind, documents.source_id FROM documents WHERE NOT EXISTS (
    SELECT FROM ledger_journalentry entry
    WHERE entry.record_kind = documents.kind AND entry.record_id = documents.id)
"""
_NOT_THE_SUM = """
WITH billed AS (
    SELECT invoice.id, sum(line.amount) AS net, sum((
        SELECT coalesce(sum((charge ->> 'amount')::bigint), 0)
        FROM jsonb_array_elements(line.taxes) AS charge)) AS tax
    FROM canonical_invoice invoice JOIN canonical_invoiceline line ON line.invoice_id = invoice.id
    WHERE invoice.legal_entity_id = %(entity)s GROUP BY invoice.id
), booked AS (
    SELECT entry.record_id AS id, sum(line.amount) FILTER (WHERE line.account = '1100') AS owed,
        -sum(line.amount) FILTER (WHERE line.account NOT IN ('1100', '2100')) AS net
    FROM ledger_journalentry entry JOIN ledger_journalline line ON line.entry_id = entry.id
    WHERE entry.legal_entity_id = %(entity)s AND entry.document_type = 'invoice'
    GROUP BY entry.record_id
)
SELECT billed.*, booked.* FROM billed JOIN booked ON booked.id = billed.id
WHERE billed.net <> booked.net OR billed.net + billed.tax <> booked.owed
"""
_FINGERPRINT = """
SELECT entry.legal_entity_id, to_char(entry.accounting_date, 'YYYY-MM'), count(*),
    md5(string_agg(entry.id || entry.content_sha256, ',' ORDER BY entry.id))
FROM ledger_journalentry entry
WHERE entry.legal_entity_id = ANY(%(entities)s) AND entry.accounting_date <= %(upto)s
GROUP BY 1, 2 ORDER BY 1, 2
"""
