"""Cases that inbound events raise, in business words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from connectors.contract import Envelope
from exceptions import operations as cases
from exceptions.findings import Finding
from revops.canonical.operations.change import Change
from revops.contracts.base import EventData
from revops.events.operations import Claimed
from revops.ledger.books import EntityBooks
from revops.ledger.drafts import JournalDraft
from revops.ledger.rules.base import MappingMissing, ServicePeriodMissing
from revops.ledger.rules.limits import LimitExceeded
from revops.ledger.schedules import PeriodMissing
from revops.pipeline.normalize import Meaning, Understood
from revops.pipeline.sources import Source
from revops.store import sql

_POSTING = "Post to the ledger"
NO_MAP = "mapping_missing"
NO_HINT = "(none given)"


def report(findings: Sequence[Finding]) -> None:
    """Outside of a batch's story."""
    row = sql.one("SELECT now() AS now")
    assert row is not None
    cases.report(findings, at=row.now)


def poison(source: Source, event: Claimed, reason: str) -> Finding:
    return Finding(
        kind="poison",
        identity=f"event:{event.id}",
        cause_parts=f"{source.slug}|{event.type}",
        cause=f"{source.label} events of type {event.type} cannot be processed",
        what_happened=(
            f"A {event.type} event from {source.label} was stored and put aside. {reason}"
        ),
        path=f"{source.label} → console",
        subject_label=f"EVT-{event.id}",
        blocked_steps=("Read the event",),
        inbound_id=event.id,
        connection_slug=source.slug,
        correlation_id=event.correlation_id,
    )


def told_twice(source: Source, envelope: Envelope, inbound_id: int, story: str) -> Finding:
    """One event id, two contents: the first one stands, the other one is kept beside it."""
    return Finding(
        kind="event_conflict",
        identity=f"event:{inbound_id}",
        cause_parts=f"{source.slug}|event id",
        cause=f"{source.label} sent the same event id with other content",
        what_happened=(
            f"Event {envelope.event_id} of type {envelope.type} came again and says something "
            "else. The first one stands; both are kept."
        ),
        path=f"{source.label} → console",
        subject_label=f"{envelope.object_type} {envelope.object_id}".strip(),
        blocked_steps=("Trust the event",),
        inbound_id=inbound_id,
        connection_slug=source.slug,
        correlation_id=story,
    )


def card_numbers(source: Source, envelope: Envelope, inbound_id: int, story: str) -> Finding:
    """A system sent a whole card number or its code; it was taken out before it was stored."""
    return Finding(
        kind="card_number",
        identity=f"event:{inbound_id}",
        cause_parts=f"{source.slug}|card number",
        cause=f"{source.label} sends card numbers",
        what_happened=(
            f"Event {envelope.event_id} of type {envelope.type} held a card number or its code. "
            "It was taken out before anything was stored; the rest went on."
        ),
        path=f"{source.label} → console",
        subject_label=f"{envelope.object_type} {envelope.object_id}".strip(),
        blocked_steps=(),
        inbound_id=inbound_id,
        connection_slug=source.slug,
        correlation_id=story,
    )


def webhooks_missing(source: Source, missed: int) -> Finding:
    """Polling found what webhooks should have brought."""
    return Finding(
        kind="webhooks_missing",
        identity=source.slug,
        cause_parts=source.slug,
        cause=f"{source.label} webhooks did not arrive",
        what_happened=(
            f"{missed} events of {source.label} were found by asking; no webhook had brought them. "
            "They have been taken through the line."
        ),
        path=f"{source.label} → console",
        subject_label=f"{missed} events",
        blocked_steps=("Know at once what happens",),
        connection_slug=source.slug,
    )


def schema(source: Source, item: Understood) -> Finding:
    """An event that cannot be understood: unknown type, newer version, or drifted shape."""
    event = item.inbound
    return Finding(
        kind="schema_drift",
        identity=f"event:{event.id}",
        cause_parts=f"{source.slug}|{event.type}|{item.problem}",
        cause=item.problem.rstrip("."),
        what_happened=(
            f"{source.label} sent an event of type {event.type} that the console cannot read. "
            "It is stored and waits."
        ),
        path=f"{source.label} → console",
        subject_label=item.object_label or f"EVT-{event.id}",
        blocked_steps=("Read the event",),
        facts=item.problem_facts,
        inbound_id=event.id,
        connection_slug=source.slug,
        correlation_id=event.correlation_id,
    )


def overdue(source: Source, item: Understood, kind: str, source_id: str) -> Finding:
    """A parked event whose record has not come in time."""
    event = item.inbound
    data = item.meanings[0].data
    return Finding(
        kind="customer_unmatched" if kind == "customer" else "dependency_overdue",
        identity=f"event:{event.id}",
        cause_parts=f"{source.slug}|{kind}",
        cause=f"{source.label} has not sent the {kind} that others refer to",
        what_happened=(
            f"{_label(data)} refers to {kind} {source_id}, which has not arrived. "
            "It goes on by itself as soon as it does."
        ),
        **_money(data),
        path=f"{source.label} → console · {data.subject}",
        subject_label=_label(data),
        blocked_steps=(f"Know the {kind}", _POSTING),
        facts=((f"Missing {kind}", source_id),),
        inbound_id=event.id,
        connection_slug=source.slug,
        correlation_id=event.correlation_id,
    )


def no_entity(source: Source, meaning: Meaning) -> Finding:
    data = meaning.data
    hint = getattr(data, "legal_entity", "") or NO_HINT
    return _from_meaning(
        source,
        meaning,
        kind=NO_MAP,
        cause_parts=f"entity|{source.slug}|{hint}",
        cause=f"{source.label} names no legal entity that we keep books for: {hint}",
        what_happened=(
            f"{_label(data)} cannot be put into anybody's books: no legal entity is mapped to "
            f"“{hint}”."
        ),
        facts=((HINT, hint),),
    )


def conflict(source: Source, meaning: Meaning, change: Change, entity_id: int) -> Finding:
    data = meaning.data
    return _from_meaning(
        source,
        meaning,
        kind="event_conflict",
        cause_parts=f"{source.slug}|{data.subject}",
        cause=f"{source.label} told two different stories about the same {data.subject}",
        what_happened=f"{_label(data)}: {change.note} The books keep what came first.",
        legal_entity_id=entity_id,
        record_kind=change.kind,
        record_id=change.record_id,
    )


def period_closed(
    source: Source, meaning: Meaning, entity_id: int, period: str, draft: JournalDraft
) -> Finding:
    return _from_meaning(
        source,
        meaning,
        kind="period_closed",
        cause_parts=f"books|{entity_id}|{period}",
        cause=f"Period {period} is closed in {draft.legal_entity}'s books",
        what_happened=(
            f"{_label(meaning.data)} is dated {draft.accounting_date} and that period is closed. "
            "Nothing was moved to another period."
        ),
        legal_entity_id=entity_id,
        period_code=period,
    )


def unjournalized(
    source: Source,
    meaning: Meaning,
    entity_id: int,
    books: EntityBooks,
    error: Exception,
    day: date | None,
) -> Finding:
    """A rule that could not be applied: a missing map, period, service period, or no balance."""
    label = _label(meaning.data)
    entity = books.legal_entity
    common: dict[str, Any] = {"legal_entity_id": entity_id, "period_code": _period(books, day)}
    if isinstance(error, MappingMissing):
        what, where = _MAPS.get(error.kind, ("mapping", error.kind))
        return _from_meaning(
            source,
            meaning,
            kind=NO_MAP,
            cause_parts=f"{error.kind}|{error.key}|{entity}",
            cause=f"{what} {error.key} has no mapping in {entity}",
            what_happened=(
                f"{label} is not in the books: {_within(what)} {error.key} has no {where}."
            ),
            facts=((what, error.key),),
            **common,
        )
    if isinstance(error, PeriodMissing):
        return _from_meaning(
            source,
            meaning,
            kind="period_closed",
            cause_parts=f"calendar|{entity}",
            cause=f"{entity}'s calendar has no period for the date",
            what_happened=f"{label} is not in the books: {error}",
            **common,
        )
    if isinstance(error, ServicePeriodMissing):
        return _from_meaning(
            source,
            meaning,
            kind="service_period_missing",
            cause_parts=f"{source.slug}|service|{entity}",
            cause=f"{source.label} sends lines without a service period",
            what_happened=f"{label} is not in the books: {error}",
            **common,
        )
    if isinstance(error, LimitExceeded):
        return _from_meaning(
            source,
            meaning,
            kind="more_than_charged",
            cause_parts=f"{source.slug}|{error.what}|{entity}",
            cause=f"{source.label}: {_within(error.what)}",
            what_happened=f"{label} is not in the books. {error}",
            **common,
        )
    return _from_meaning(
        source,
        meaning,
        kind="unbalanced",
        cause_parts=f"{source.slug}|unbalanced",
        cause=f"Entries from {source.label} do not balance",
        what_happened=f"{label} is not in the books: {error}",
        **common,
    )


# What a case says that it lacks, by the label of its first fact (``changes/gaps.py``).
HINT = "Entity hint"
_MAPS = {
    "sku": ("SKU", "revenue account"),
    "tax": ("Tax code", "liability account"),
    "account": ("Account role", "account"),
    "rate": ("Rate", "exchange rate"),
}


def identity(source: Source, meaning: Meaning) -> str:
    """One case for one record, however many events tell of it."""
    return f"{source.id}:{meaning.data.subject}:{meaning.data.subject_id}"


def _from_meaning(source: Source, meaning: Meaning, **words: Any) -> Finding:
    data = meaning.data
    return Finding(
        identity=identity(source, meaning),
        path=f"{source.label} → console · {data.subject}",
        subject_label=_label(data),
        blocked_steps=(_POSTING,),
        inbound_id=meaning.inbound.id,
        connection_slug=source.slug,
        correlation_id=meaning.inbound.correlation_id,
        **_money(data),
        **words,
    )


def _money(data: EventData) -> dict[str, Any]:
    amount = getattr(data, "total", None)
    if amount is None:
        amount = getattr(data, "amount", None)
    currency = getattr(data, "currency", None)
    return {"currency": currency or "", "at_stake": amount if currency else None}


def _within(word: str) -> str:
    """A word inside a sentence: abbreviations keep their capitals."""
    return word if word.isupper() else word.lower()


def _label(data: EventData) -> str:
    name = getattr(data, "number", "") or data.subject_id
    return f"{data.subject.capitalize()} {name}"


def _period(books: EntityBooks, day: date | None) -> str:
    if day is None:
        return ""
    try:
        return books.period_of(day)[1].code
    except PeriodMissing:
        return ""
