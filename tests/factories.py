"""
Records for tests, made by plain functions: ``a_legal_entity()``, ``a_journal(amount=10_000)``.

Each makes what it stands on when that is not given, and every argument has a value that makes
sense. Money is in minor units.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from connectors.models import Connection, Environment
from exceptions.models import Case
from revops.audit.models import Event as Act
from revops.audit.operations import record
from revops.canonical.models import (
    Customer,
    ExternalReference,
    Invoice,
    Merge,
    MergeProposal,
    Party,
)
from revops.delivery.decide import State
from revops.delivery.models import Gate, OutboundCommand
from revops.events.models import BusinessEvent, Channel, InboundEvent
from revops.jobs.models import Job, JobItem
from revops.kernel import clock, correlation, periods
from revops.kernel.actor import system
from revops.kernel.keys import idempotency_key, sha256
from revops.ledger.models import JournalEntry, JournalLine, RevenueSchedule
from revops.mappings.models import AccountingPeriod, LedgerAccount, LegalEntity
from tests.cast import person

_number = itertools.count(1)

Line = tuple[str, int]


def a_legal_entity(code: str = "NW-US", **values: Any) -> LegalEntity:
    """A company with its books in US dollars; the same one for the same code."""
    defaults = {
        "name": f"Northwind {code}",
        "zone": "America/New_York",
        "functional_currency": "USD",
    } | values
    return LegalEntity.objects.get_or_create(code=code, defaults=defaults)[0]


def a_period(
    legal_entity: LegalEntity | None = None, *, year: int = 2026, month: int = 10, **values: Any
) -> AccountingPeriod:
    """A calendar month of an entity, open; the same one for the same month."""
    span = periods.month(year, month)
    return AccountingPeriod.objects.get_or_create(
        legal_entity=legal_entity or a_legal_entity(),
        code=f"{year}-{month:02}",
        defaults={"starts": span.start, "ends": span.end} | values,
    )[0]


def a_ledger_account(code: str = "1200", name: str = "Accounts receivable") -> LedgerAccount:
    return LedgerAccount.objects.get_or_create(code=code, defaults={"name": name})[0]


def a_connection(slug: str = "billing", connector: str = "stripe", **values: Any) -> Connection:
    """A sandbox connection; its address answers nothing."""
    defaults = {
        "connector": connector,
        "label": slug.capitalize(),
        "environment": Environment.SANDBOX,
        "base_url": "http://127.0.0.1:9",
    } | values
    return Connection.objects.get_or_create(slug=slug, defaults=defaults)[0]


def a_job(case: Case, *, by: User | None = None) -> Job:
    """A draft to assign one case."""
    maker = by or person("ana")
    job = Job.objects.create(
        kind="cases.assign", title="Assign", by=maker, options={"assignee": maker.pk}, rate=600,
        entities=[case.legal_entity.code if case.legal_entity else ""], created_at=clock.now(),
        scope_text=f"1 case ticked: {case.subject_label}",
    )  # fmt: skip
    JobItem.objects.create(
        job=job, position=0, subject_id=case.pk, reference=str(case), label=case.subject_label,
        entity=job.entities[0], currency=case.currency, amount=case.at_stake,
    )  # fmt: skip
    return job


def a_gate(connection: Connection | None = None, **values: Any) -> Gate:
    return Gate.objects.update_or_create(
        connection=connection or a_connection("erp", "tryton"), defaults=values
    )[0]


def an_event(connection: Connection | None = None, **values: Any) -> InboundEvent:
    """A stored, not yet processed inbound event."""
    now = clock.now()
    body: bytes = values.pop("body", b"{}")
    defaults: dict[str, Any] = {
        "source_event_id": f"evt_{next(_number)}",
        "channel": Channel.WEBHOOK,
        "type": "invoice.finalized",
        "occurred_at": now,
        "received_at": now,
        "next_at": now,
        "body": body,
        "body_sha256": sha256(body),
        "correlation_id": correlation.new_id(),
    }
    return InboundEvent.objects.create(
        connection=connection or a_connection(), **(defaults | values)
    )


def a_meaning(inbound: InboundEvent | None = None, **values: Any) -> BusinessEvent:
    """What an inbound event means in the published language."""
    inbound = inbound or an_event()
    defaults: dict[str, Any] = {
        "contract": "invoice.issued/1",
        "subject": "invoice",
        "subject_id": f"in_{next(_number)}",
        "data": "{}",
        "occurred_at": inbound.occurred_at,
        "recorded_at": clock.now(),
        "correlation_id": inbound.correlation_id,
    }
    return BusinessEvent.objects.create(inbound=inbound, **(defaults | values))


def _record(connection: Connection | None, values: dict[str, Any], prefix: str) -> dict[str, Any]:
    now = clock.now()
    return {
        "connection": connection or a_connection(),
        "source_id": f"{prefix}_{next(_number)}",
        "legal_entity": values.pop("legal_entity", None) or a_legal_entity(),
        "correlation_id": correlation.new_id(),
        "created_at": now,
        "updated_at": now,
    }


def a_party(**values: Any) -> Party:
    """A customer as one, that no system's account belongs to yet."""
    now = clock.now()
    made = {"name": "Contoso", "currency": "USD", "created_at": now, "updated_at": now}
    return Party.objects.create(**(made | values))


def a_proposal(left: Party | None = None, right: Party | None = None) -> MergeProposal:
    """Two customers that may be one, to be decided. ``left`` is older than ``right``."""
    return MergeProposal.objects.create(
        left=left or a_party(),
        right=right or a_party(),
        score="0.6200",
        evidence=[
            {
                "kind": "name", "left": "Contoso", "right": "Contoso", "weight": "0.62",
                "sentence": "The names are the same, apart from legal form and spelling.",
            }
        ],
        created_at=clock.now(),
    )  # fmt: skip


def a_merge() -> Merge:
    """One customer that became a part of another one, without accounts."""
    survivor = a_party()
    absorbed = a_party(merged_into=survivor)
    return Merge.objects.create(survivor=survivor, absorbed=absorbed, at=clock.now())


def a_customer(connection: Connection | None = None, **values: Any) -> Customer:
    made = _record(connection, values, "cus") | {"name": "Contoso", "currency": "USD"}
    made |= values
    made.setdefault("party", None)
    made["party"] = made["party"] or a_party(name=made["name"], currency=made["currency"])
    return Customer.objects.create(**made)


def an_invoice(connection: Connection | None = None, **values: Any) -> Invoice:
    """Issued on 15 October 2026 over 100.00 and no tax."""
    customer = values.pop("customer", None) or a_customer(connection)
    made = _record(connection, values, "in") | {
        "number": f"INV-{next(_number)}",
        "customer": customer,
        "currency": "USD",
        "issued_on": date(2026, 10, 15),
        "net": 10_000,
        "tax": 0,
        "total": 10_000,
        "content_sha256": sha256("invoice"),
    }
    return Invoice.objects.create(**(made | values))


def a_reference(record: Customer | Invoice, external_id: str, **values: Any) -> ExternalReference:
    kind = type(record).__name__.lower()
    made: dict[str, Any] = {"connection": record.connection, "type": kind}
    return ExternalReference.objects.create(
        external_id=external_id, record_kind=kind, record_id=record.pk, **(made | values)
    )


def a_journal(
    legal_entity: LegalEntity | None = None,
    *,
    lines: Sequence[Line] = (("1200", 10_000), ("2400", -10_000)),
    taxed: Mapping[str, str] | None = None,
    **values: Any,
) -> JournalEntry:
    """A balanced entry; ``lines`` are (account, signed minor units), ``taxed`` codes by account."""
    legal_entity = legal_entity or a_legal_entity()
    dated: date = values.pop("accounting_date", date(2026, 10, 15))
    made: dict[str, Any] = {
        "period": a_period(legal_entity, year=dated.year, month=dated.month),
        "document_type": "invoice",
        "business_key": f"stripe:in_{next(_number)}",
        "currency": "USD",
        "functional_currency": "USD",
        "amount": sum(amount for _, amount in lines if amount > 0),
        "description": "Invoice",
        "rule": "J1",
        "mapping_version": 1,
        "content_sha256": sha256("journal"),
        "correlation_id": correlation.new_id(),
        "recorded_at": clock.now(),
    }
    with transaction.atomic():
        entry = JournalEntry.objects.create(
            legal_entity=legal_entity, accounting_date=dated, **(made | values)
        )
        JournalLine.objects.bulk_create(
            JournalLine(
                entry=entry,
                position=place,
                account=account,
                amount=amount,
                functional=amount,
                tax_code=(taxed or {}).get(account, ""),
            )
            for place, (account, amount) in enumerate(lines)
        )
    return entry


def a_schedule(entry: JournalEntry | None = None, **values: Any) -> RevenueSchedule:
    """A line's revenue over two whole months, by day."""
    entry = entry or a_journal()
    made: dict[str, Any] = {
        "legal_entity": entry.legal_entity,
        "business_key": entry.business_key,
        "line_id": f"il_{next(_number)}",
        "chain": entry.business_key,
        "sku": "price_team",
        "currency": "USD",
        "total": 120_000,
        "functional_currency": "USD",
        "functional_total": 120_000,
        "service_start": date(2026, 10, 1),
        "service_end": date(2026, 11, 30),
        "convention": "daily",
        "deferral_account": "2300",
        "revenue_account": "4000",
        "mapping_version": 1,
        "correlation_id": entry.correlation_id,
    }
    return RevenueSchedule.objects.create(entry=entry, **(made | values))


def a_command(entry: JournalEntry | None = None, **values: Any) -> OutboundCommand:
    """The command that posts an entry, waiting to be sent."""
    entry = entry or a_journal()
    now = clock.now()
    payload: str = values.pop("payload", "{}")
    made: dict[str, Any] = {
        "connection": values.pop("connection", None) or a_connection("erp", "tryton"),
        "legal_entity": entry.legal_entity,
        "document_type": entry.document_type,
        "business_key": entry.business_key,
        "revision": entry.revision,
        "kind": "journal.post",
        "key": idempotency_key(
            lane=entry.lane,
            legal_entity=entry.legal_entity.code,
            document_type=entry.document_type,
            business_key=entry.business_key,
            revision=entry.revision,
        ),
        "payload": payload,
        "payload_sha256": sha256(payload),
        "subject_kind": "journal",
        "subject_id": entry.pk,
        "currency": entry.currency,
        "amount": entry.amount,
        "period_code": entry.period.code,
        "state": State.PENDING.value,
        "next_at": now,
        "correlation_id": entry.correlation_id,
        "created_at": now,
    }
    return OutboundCommand.objects.create(**(made | values))


def an_act(**values: Any) -> Act:
    """An act in the audit trail: somebody commented on a case."""
    made: dict[str, Any] = {
        "action": "cases.comment", "by": system("tests", "A test"), "kind": "case",
        "reference": "EXC-1",
    }  # fmt: skip
    with transaction.atomic():
        return Act.objects.get(seq=record(**(made | values)))


def a_case(**values: Any) -> Case:
    """An open case over 100.00 that is due in a day."""
    now = clock.now()
    opened: datetime = values.pop("opened_at", now).astimezone(UTC)
    made: dict[str, Any] = {
        "kind": "period_closed",
        "fingerprint": sha256(f"case {next(_number)}"),
        "cause_key": sha256("cause"),
        "cause": "October is closed in the ERP",
        "what_happened": "The ERP refused the entry because its period is closed.",
        "legal_entity": values.pop("legal_entity", None) or a_legal_entity(),
        "period_code": "2026-10",
        "currency": "USD",
        "at_stake": 10_000,
        "owner_team": "finance",
        "opened_at": opened,
        "latest_at": opened,
        "due_at": opened + timedelta(days=1),
    }
    return Case.objects.create(**(made | values))
