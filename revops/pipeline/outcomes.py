"""What follows from the endings of a batch of commands, in the transaction that records them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.db import transaction

from connectors.contract import Outcome
from exceptions import operations as cases
from revops.canonical.operations.batch import REFERENCES
from revops.contracts.journals import JournalPosted, JournalRejected
from revops.delivery.claims import Ending, Work
from revops.delivery.decide import State
from revops.delivery.drain import Target
from revops.delivery.gate import Breaker, GateRow
from revops.events.operations import MEANINGS
from revops.kernel import strict_json
from revops.pipeline import backlog, findings, wake
from revops.pipeline.flows.advance import JOURNAL, follow
from revops.pipeline.flows.queries.subjects import subjects_of
from revops.pipeline.messages import DOCUMENT, label_of
from revops.pipeline.messages import SUBJECT as MESSAGE
from revops.pipeline.partial import noticing
from revops.store import sql


@dataclass(frozen=True, slots=True)
class Subject:
    """What a command is about, as cases and events need it. Only a journal has a date."""

    id: int
    legal_entity: str
    document_type: str
    business_key: str
    revision: int
    accounting_date: date | None
    description: str
    customer_name: str
    undoes: bool = False


_SUBJECTS = """
SELECT entry.id, entity.code AS legal_entity, entry.document_type, entry.business_key,
    entry.revision, entry.accounting_date, entry.description,
    coalesce((SELECT customer.name FROM canonical_customer customer
              JOIN canonical_invoice invoice ON invoice.customer_id = customer.id
              WHERE entry.record_kind = 'invoice' AND invoice.id = entry.record_id), '')
        AS customer_name, entry.reverses_id IS NOT NULL AS undoes
FROM ledger_journalentry entry JOIN mappings_legalentity entity ON entity.id = entry.legal_entity_id
WHERE entry.id = ANY(%s)
"""


def tell(target: Target, endings: Sequence[Ending], gate: GateRow) -> None:
    """Proof and events for what was posted, cases for what was not, and the state of the target."""
    row = sql.one("SELECT now() AS now")
    assert row is not None
    at: datetime = row.now
    subjects = _subjects(endings)
    posted = [ending for ending in endings if ending.row.state is State.POSTED]
    stopped = [ending for ending in endings if ending.row.state is State.EXCEPTION]
    doubtful = [
        ending
        for ending in endings
        if ending.row.state is State.UNKNOWN
        and (ending.receipt is None or ending.receipt.outcome is Outcome.IN_DOUBT)
        # A message to a person is sent again by itself: nobody has anything to decide.
        and ending.work.subject_kind != MESSAGE
    ]
    _proof(target, posted)
    _publish(target, posted + stopped, subjects, at)
    for connection_id in follow(target.connection_id, posted + stopped, at=at):
        transaction.on_commit(partial(wake.delivery, connection_id), robust=True)
    # A case can only exist for a command that did not go through at once, or whose entry takes the
    # place of one that was refused, or takes one back.
    again = [
        ending.work.id
        for ending in posted
        if ending.work.number > 1
        or (
            (about := subjects.get(ending.work.id)) is not None
            and (about.revision > 1 or about.undoes)
        )
    ]
    if again:
        cases.settle(command_ids=again, text=f"Posted in {target.manifest.label}.", at=at)
    waiting = [
        ending.work.id
        for ending in endings
        if ending.row.state in (State.PENDING, State.RETRY_WAIT) and ending.receipt is None
    ]
    if waiting:
        cases.settle(
            command_ids=waiting,
            text=f"{target.manifest.label} does not hold it: sent again.",
            at=at,
        )
    journals = [one.work.subject_id for one in posted if one.work.subject_kind == JOURNAL]
    found = [
        *noticing.sorted_out(
            [findings.stopped(target, ending, subjects.get(ending.work.id)) for ending in stopped]
        ),
        *noticing.turned(journals),
        *(findings.in_doubt(target, one, subjects.get(one.work.id)) for one in doubtful),
    ]
    cases.carry_on(found, among=findings.OF_DELIVERY)
    cases.report(found, at=at)
    health_of(target.connection_id, target.settings.slug, target.manifest.label, gate, at)


def health_of(connection_id: int, slug: str, label: str, gate: GateRow, at: datetime) -> None:
    """
    One case for a target that does not answer, or lets us wait, with the money that waits for it.
    """
    if gate.breaker is Breaker.CLOSED:
        throttled = gate.not_before is not None and gate.not_before > at
        over = [backlog.down_fingerprint(slug)] if gate.slow_start or not gate.failures else []
        if not throttled and not gate.slow_start:
            over.append(backlog.throttled_fingerprint(slug))
        cases.settle(fingerprints=over, text=f"{label} answers again.", at=at)
        if throttled:
            cases.report(backlog.throttled(connection_id, slug, label, gate, at), at=at)
        return
    if gate.breaker is Breaker.OPEN:
        cases.report(backlog.down(connection_id, slug, label, gate), at=at)


def _subjects(endings: Sequence[Ending]) -> dict[int, Subject]:
    """By the command's id."""
    told = [
        ending.work
        for ending in endings
        if ending.row.state in (State.POSTED, State.EXCEPTION, State.UNKNOWN)
    ]
    journals = [work.subject_id for work in told if work.subject_kind == JOURNAL]
    known = {row.id: Subject(*row) for row in sql.rows(_SUBJECTS, (journals,))} if journals else {}
    found = {
        work.id: known[work.subject_id]
        for work in told
        if work.subject_kind == JOURNAL and work.subject_id in known
    }
    messages = [work for work in told if work.subject_kind == MESSAGE]
    found |= {work.id: _message(work) for work in messages}
    others = [work.id for work in told if work.subject_kind not in (JOURNAL, MESSAGE)]
    return found | {
        command_id: Subject(0, "", document, key, 1, None, description, customer)
        for command_id, document, key, description, customer in subjects_of(others)
    }


def _message(work: Work) -> Subject:
    label = label_of(work.subject_id)
    return Subject(0, "", DOCUMENT, work.key, 1, None, label, "")


def _proof(target: Target, posted: Sequence[Ending]) -> None:
    values = []
    for ending in posted:
        row, work = ending.row, ending.work
        if work.subject_kind != JOURNAL:
            continue  # a flow keeps the id of what it made (flows/advance.py)
        values.append(
            (target.connection_id, "journal", row.external_id, work.subject_kind, work.subject_id)
        )
        if row.external_number and row.external_number != row.external_id:
            values.append(
                (
                    target.connection_id,
                    "journal_number",
                    row.external_number,
                    work.subject_kind,
                    work.subject_id,
                )
            )
    REFERENCES.insert(values, "ON CONFLICT DO NOTHING")


def _publish(
    target: Target, endings: Sequence[Ending], subjects: dict[int, Subject], at: datetime
) -> None:
    booked = [
        (ending, subject)
        for ending in endings
        if (subject := subjects.get(ending.work.id)) is not None and subject.accounting_date
    ]
    ids = sql.new_ids("events_businessevent", len(booked))
    values = []
    for event_id, (ending, subject) in zip(ids, booked, strict=True):
        common = {
            "journal_id": f"JE-{subject.id}",
            "legal_entity": subject.legal_entity,
            "document_type": subject.document_type,
            "business_key": subject.business_key,
            "revision": subject.revision,
            "currency": ending.work.currency,
            "amount": ending.work.amount,
            "accounting_date": str(subject.accounting_date),
            "target": target.settings.slug,
        }
        if ending.row.state is State.POSTED:
            contract = JournalPosted.contract
            common["external_id"] = ending.row.external_id
            common["external_number"] = ending.row.external_number
        else:
            contract = JournalRejected.contract
            common["reason"] = ending.row.reason[:2000]
        values.append((
            event_id, None, 0, contract, "journal", f"JE-{subject.id}", subject.legal_entity,
            strict_json.dumps(common), at, at, ending.work.correlation_id, "",
        ))  # fmt: skip
    MEANINGS.insert(values)
