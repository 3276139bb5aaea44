"""
What comes back from the line moves requests on: the record of the request, billing's credit note,
the ERP's posting; what does not come back becomes a case; what nobody sends expires.

Every statement takes all requests that wait, so any number of turns at once do no harm.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from exceptions import operations as cases
from exceptions.findings import Finding, fingerprint_of
from revops.credits import life
from revops.credits.models import ServiceCredit
from revops.credits.operations import noticing, telling
from revops.credits.operations.drafting import locked
from revops.kernel import clock
from revops.kernel.money import Money
from revops.mappings.queries import today
from revops.store import sql

NOT_ISSUED: Final = "credit_not_issued"
UNAPPROVED: Final = "credit_unapproved"
# How long billing may take before a person looks.
PATIENCE: Final = timedelta(minutes=15)

_RECORDS: Final = """
UPDATE credits_servicecredit AS asked SET record_id = record.id
FROM canonical_credit record
WHERE asked.record_id IS NULL AND asked.told_at IS NOT NULL
    AND record.connection_id = asked.connection_id AND record.source_id = 'CR-' || asked.id
"""
_ISSUING: Final = """
UPDATE credits_servicecredit AS asked SET state = 'issuing', updated_at = %s
FROM pipeline_flowrun run JOIN pipeline_steprun step ON step.run_id = run.id
WHERE asked.state = 'approved' AND run.flow = 'credit.approved' AND run.record_kind = 'credit'
    AND run.record_id = asked.record_id AND step.step = 'billing.credit_note.create'
    AND step.command_id IS NOT NULL
RETURNING asked.id
"""
_ISSUED: Final = """
UPDATE credits_servicecredit AS asked
SET state = 'issued', memo_id = memo.id, issued_at = memo.created_at, updated_at = %s
FROM canonical_credit memo
WHERE asked.state IN ('approved', 'issuing') AND memo.request_id = asked.record_id
    AND memo.state = 'issued'
RETURNING asked.id, memo.number, memo.source_id
"""
_REVERSED: Final = """
UPDATE credits_servicecredit AS asked SET state = 'reversed', ended_at = %s, updated_at = %s
FROM canonical_credit memo
WHERE asked.state = 'issued' AND memo.id = asked.memo_id AND memo.state = 'void'
RETURNING asked.id, memo.number
"""
_POSTED: Final = """
UPDATE credits_servicecredit AS asked SET posted_at = found.at, ended_at = found.at,
    updated_at = %s
FROM (
    SELECT waiting.id, greatest(max(entry.recorded_at), max(command.finished_at)) AS at
    FROM credits_servicecredit waiting
    JOIN ledger_journalentry entry ON entry.record_kind = 'credit'
        AND entry.record_id = waiting.memo_id AND entry.document_type = 'credit'
    LEFT JOIN delivery_outboundcommand command ON command.subject_kind = 'journal'
        AND command.subject_id = entry.id AND command.lane = 'primary'
    WHERE waiting.state = 'issued' AND waiting.posted_at IS NULL
    GROUP BY waiting.id
    HAVING count(*) FILTER (WHERE command.state NOT IN ('posted', 'cancelled')) = 0
) AS found
WHERE asked.id = found.id
RETURNING asked.id
"""
_LATE: Final = """
SELECT asked.id, asked.legal_entity_id, asked.currency, asked.amount, asked.decided_at,
    asked.correlation_id, asked.record_id, customer.name AS customer, connection.label AS system,
    coalesce((SELECT step.note FROM pipeline_flowrun run
        JOIN pipeline_steprun step ON step.run_id = run.id
        WHERE run.flow = 'credit.approved' AND run.record_kind = 'credit'
            AND run.record_id = asked.record_id AND step.step = 'billing.credit_note.create'
            AND step.note <> '' ORDER BY step.id DESC LIMIT 1), '') AS why
FROM credits_servicecredit asked
JOIN canonical_customer customer ON customer.id = asked.customer_id
JOIN connectors_connection connection ON connection.id = asked.connection_id
WHERE asked.state IN ('approved', 'issuing') AND asked.decided_at < %s
"""
_COMMANDS: Final = """
SELECT command.id FROM credits_servicecredit asked
JOIN delivery_outboundcommand command ON command.subject_kind = 'credit'
    AND command.subject_id = asked.record_id AND command.kind = 'billing.credit_note.create'
WHERE asked.id = ANY(%s)
"""
_UNAPPROVED: Final = """
SELECT asked.id, asked.state, asked.legal_entity_id, asked.correlation_id, memo.id AS memo_id,
    memo.number, memo.source_id, memo.currency, memo.total, customer.name AS customer
FROM credits_servicecredit asked
JOIN canonical_credit memo ON memo.request_id = asked.record_id AND memo.state = 'issued'
JOIN canonical_customer customer ON customer.id = asked.customer_id
WHERE asked.state IN ('draft', 'waiting', 'rejected', 'withdrawn', 'expired')
"""


def follow() -> int:
    """Move on whatever can; how many requests moved."""
    now = clock.now()
    with sql.atomic():
        sql.run(_RECORDS)
        moved = sql.rows(_ISSUING, (now,))
        issued = sql.rows(_ISSUED, (now,))
        posted = sql.rows(_POSTED, (now,))
        reversed_ = sql.rows(_REVERSED, (now, now))
        for row in issued:
            _note(row.id, f"Billing issued credit note {row.number or row.source_id}.")
        for row in posted:
            _note(row.id, "The credit memo is in the ERP’s books.")
        for row in reversed_:
            _note(row.id, f"Billing voided credit note {row.number}, and the books with it.")
            _taken_back(row.id)
        noticing.reversed_([(row.id, row.number) for row in reversed_])
        noticing.issued([(row.id, row.number or row.source_id) for row in issued])
        _settle([row.id for row in issued], now)
        _report(now)
    return len(moved) + len(issued) + len(posted) + len(reversed_) + expire(now)


def expire(now: datetime) -> int:
    """What a rule raised and nobody sent in time; what was accrued for it goes back."""
    due = ServiceCredit.objects.filter(
        state=life.DRAFT, approval_id=None, expires_on__lt=today(now).first
    ).values_list("pk", flat=True)[:200]
    for credit_id in due:
        with sql.atomic():
            credit = locked(credit_id)
            if credit.state != life.DRAFT or credit.approval_id is not None:
                continue
            credit.state = life.follow(credit.state, life.EXPIRED)
            credit.ended_at = credit.updated_at = now
            credit.decided_by = "Policy"
            credit.answer = "Nobody sent it in time."
            telling.refused(credit)
            credit.save()
            telling.note(credit, credit.answer, by="Policy")
    return len(due)


def _note(credit_id: int, text: str) -> None:
    telling.note(ServiceCredit.objects.get(pk=credit_id), text)


def _taken_back(credit_id: int) -> None:
    """What was accrued for it stands again with the memo gone, and goes back, too."""
    credit = locked(credit_id)
    credit.answer = "The credit note was voided."
    telling.refused(credit)
    credit.save()


def _settle(credit_ids: Sequence[int], at: datetime) -> None:
    """Whatever kept them from being issued: the wait itself, and what billing had refused."""
    if not credit_ids:
        return
    fingerprints = [fingerprint_of(NOT_ISSUED, f"CR-{one}") for one in credit_ids]
    commands = [row.id for row in sql.rows(_COMMANDS, (list(credit_ids),))]
    text = "Billing issued the credit note."
    cases.settle(fingerprints=fingerprints, text=text, at=at)
    cases.settle(command_ids=commands, text=text, at=at)


def _report(at: datetime) -> None:
    late = sql.rows(_LATE, (at - PATIENCE,))
    noticing.stuck([(row.id, row.why) for row in late])
    found = [_late(row, at) for row in late]
    found += [_unapproved(row) for row in sql.rows(_UNAPPROVED)]
    known = {
        row.fingerprint
        for row in sql.rows(
            "SELECT fingerprint FROM exceptions_case WHERE fingerprint = ANY(%s)",
            ([one.fingerprint for one in found],),
        )
    } if found else set()  # fmt: skip
    cases.report([one for one in found if one.fingerprint not in known], at=at)


def _late(row: Any, at: datetime) -> Finding:
    money = Money(row.amount, row.currency)
    return Finding(
        kind=NOT_ISSUED,
        identity=f"CR-{row.id}",
        cause_parts=f"{row.system}|{row.why[:80]}",
        cause=f"An approved credit was not issued in {row.system}",
        what_happened=f"CR-{row.id} over {money} was approved, and no credit note came. {row.why}",
        legal_entity_id=row.legal_entity_id,
        currency=row.currency,
        at_stake=row.amount,
        path=f"Console → {row.system}",
        customer_name=row.customer,
        subject_label=f"CR-{row.id}",
        blocked_steps=("Issue the credit note", "Post the credit memo", "Tell the customer"),
        facts=(("Approved", f"{row.decided_at:%Y-%m-%d %H:%M} UTC"),),
        record_kind="credit",
        record_id=row.record_id,
        correlation_id=row.correlation_id,
    )


def _unapproved(row: Any) -> Finding:
    money = Money(row.total, row.currency)
    name = row.number or row.source_id
    state = life.STATES[row.state].lower()
    return Finding(
        kind=UNAPPROVED,
        identity=f"CR-{row.id}",
        cause_parts="unapproved",
        cause="A credit note was issued that nobody had approved",
        what_happened=f"Billing issued {name} over {money} for CR-{row.id}, which is {state} here.",
        legal_entity_id=row.legal_entity_id,
        currency=row.currency,
        at_stake=row.total,
        path="Billing → Console",
        customer_name=row.customer,
        subject_label=f"CR-{row.id}",
        facts=(("Request", f"CR-{row.id}, {state}"), ("Credit note", name)),
        record_kind="credit",
        record_id=row.memo_id,
        correlation_id=row.correlation_id,
    )
