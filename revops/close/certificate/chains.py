"""
An entry's whole way: what came, what it means, what was booked by which version of the maps, and
what the ERP calls it. Some statements for all chosen entries together.

A payload is masked where it names people (``exceptions.payloads``), unless it is wanted as it
came; its SHA-256 is that of the bytes that came, whatever is shown. What retention has deleted has
its digest still.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from exceptions.payloads import readable
from revops.close.certificate.background import instant
from revops.delivery.models import Attempt, OutboundCommand
from revops.events.models import InboundEvent
from revops.ledger.models import JournalEntry, JournalLine
from revops.lineage.models import Link

_COMMAND: Final = "journal"


def of(ids: Sequence[int], *, raw: bool) -> dict[int, dict[str, Any]]:
    """By the entry's number."""
    entries = list(
        JournalEntry.objects.filter(pk__in=ids)
        .select_related("legal_entity", "period", "business_event", "reverses")
        .order_by("pk")
    )
    lines = _grouped(JournalLine.objects.filter(entry__in=ids).order_by("entry", "position"),
                     "entry_id")  # fmt: skip
    commands = list(
        OutboundCommand.objects.filter(subject_kind=_COMMAND, subject_id__in=ids)
        .select_related("connection").order_by("pk")
    )  # fmt: skip
    sent = _grouped(commands, "subject_id")
    attempts = _grouped(
        Attempt.objects.filter(command__in=commands).order_by("command", "number"), "command_id"
    )
    inbound = {
        one.pk: one
        for one in InboundEvent.objects.filter(
            pk__in=[
                one.business_event.inbound_id
                for one in entries
                if one.business_event and one.business_event.inbound_id
            ]
        ).select_related("connection")
    }
    links = _grouped(
        Link.objects.filter(to_kind="journal", to_id__in=ids).order_by("from_kind", "from_id"),
        "to_id",
    )
    return {
        entry.pk: {
            "event": _event(entry, inbound, raw=raw),
            "meaning": _meaning(entry, raw=raw),
            "record": {"kind": entry.record_kind, "id": entry.record_id},
            "came_from": [f"{one.from_kind} {one.from_id}" for one in links.get(entry.pk, ())],
            "entry": _entry(entry, lines.get(entry.pk, ())),
            "postings": [_posting(one, attempts.get(one.pk, ())) for one in sent.get(entry.pk, ())],
        }
        for entry in entries
    }


def _grouped(found: Any, key: str) -> dict[int, list[Any]]:
    held: dict[int, list[Any]] = {}
    for one in found:
        held.setdefault(getattr(one, key), []).append(one)
    return held


def _event(
    entry: JournalEntry, inbound: dict[int, InboundEvent], *, raw: bool
) -> dict[str, Any] | None:  # fmt: skip
    told = entry.business_event
    one = inbound.get(told.inbound_id) if told and told.inbound_id else None
    if one is None:
        return None
    text = bytes(one.body).decode("utf-8", errors="replace")
    return {
        "event": str(one), "system": one.connection.slug, "account": one.account,
        "id": one.source_event_id, "type": one.type, "occurred_at": instant(one.occurred_at),
        "received_at": instant(one.received_at), "sha256": one.body_sha256,
        "payload": _shown(text, raw=raw) if text else "deleted by retention",
    }  # fmt: skip


def _shown(text: str, *, raw: bool) -> str:
    return text if raw else readable(text)


def _meaning(entry: JournalEntry, *, raw: bool) -> dict[str, Any] | None:
    one = entry.business_event
    if one is None:
        return None
    return {
        "contract": one.contract, "subject": one.subject, "subject_id": one.subject_id,
        "legal_entity": one.legal_entity, "data": _shown(one.data, raw=raw),
    }  # fmt: skip


def _entry(entry: JournalEntry, lines: Sequence[JournalLine]) -> dict[str, Any]:
    return {
        "entry": str(entry), "document": entry.document_type, "key": entry.business_key,
        "revision": entry.revision, "date": entry.accounting_date.isoformat(),
        "period": entry.period.code, "currency": entry.currency, "amount": entry.amount,
        "rule": entry.rule, "maps": entry.mapping_version, "sha256": entry.content_sha256,
        "reverses": str(entry.reverses) if entry.reverses else "",
        "recorded_at": instant(entry.recorded_at),
        "lines": [
            {"account": line.account, "amount": line.amount, "functional": line.functional}
            for line in lines
        ],
    }  # fmt: skip


def _posting(command: OutboundCommand, attempts: Sequence[Attempt]) -> dict[str, Any]:
    return {
        "command": str(command), "system": command.connection.slug, "key": command.key,
        "state": command.state, "sha256": command.payload_sha256,
        "external_id": command.external_id or "", "external_number": command.external_number,
        "confirmed_at": instant(command.finished_at),
        "attempts": [
            {
                "number": one.number, "kind": one.kind, "at": instant(one.intent_at),
                "outcome": one.outcome or "", "sha256": one.request_sha256,
            }
            for one in attempts
        ],
    }  # fmt: skip
