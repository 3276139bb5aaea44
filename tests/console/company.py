"""
A small company for the tests of pages: invoices on every stage of their way to an ERP.

``build()`` makes it in the caller's transaction and returns the records by name. Amounts are minor
units; times count back from ``now``, so that ages and due times make sense whenever it runs.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from connectors.models import Connection
from exceptions.findings import Finding
from exceptions.operations import report
from revops.canonical.models import Customer, Invoice, Payment, PaymentState, Subscription
from revops.delivery.models import Attempt, Gate, OutboundCommand
from revops.events.models import BusinessEvent, InboundEvent
from revops.kernel import clock, strict_json
from revops.kernel.keys import idempotency_key, sha256
from revops.ledger.models import JournalEntry, JournalLine
from revops.lineage.models import Link
from revops.mappings.models import LegalEntity, MappingVersion
from tests import factories

_number = itertools.count(10_290)


@dataclass
class Story:
    """One invoice and what was made of it."""

    customer: Customer
    subscription: Subscription
    invoice: Invoice
    event: InboundEvent
    entry: JournalEntry
    command: OutboundCommand
    payment: Payment | None = None


@dataclass
class Company:
    now: datetime
    billing: Connection
    erp: Connection
    entity: LegalEntity
    stories: dict[str, Story] = field(default_factory=dict)

    @property
    def period(self) -> str:
        return f"{self.now:%Y-%m}"


def build(*, now: datetime | None = None) -> Company:
    """Invoices that are posted, refused, in doubt, waiting, and one whose journal is missing."""
    now = now or clock.now()
    entity = factories.a_legal_entity("US", name="US Inc")
    for ahead in (-31, 0, 31):
        day = now.date().replace(day=15) + timedelta(days=ahead)
        factories.a_period(entity, year=day.year, month=day.month)
    for code, name in (("1100", "Accounts receivable"), ("2300", "Deferred revenue")):
        factories.a_ledger_account(code, name)
    MappingVersion.objects.create(note="Opening maps", made_by="Demo")
    company = Company(
        now=now,
        billing=factories.a_connection("stripe", label="Stripe"),
        erp=factories.a_connection("books", "tryton", label="Tryton US"),
        entity=entity,
    )
    factories.a_gate(company.erp)
    company.stories["posted"] = tell(company, "Alder Health", 1_191_780, state="posted")
    company.stories["refused"] = tell(company, "Northwind Robotics", 1_791_587, state="exception")
    company.stories["doubt"] = tell(company, "Kestrel Logistics", 648_000, state="unknown")
    company.stories["waiting"] = tell(company, "Halden Media", 72_810, state="retry_wait")
    return company


def tell(company: Company, name: str, total: int, *, state: str, paid: bool = True) -> Story:
    """One customer's invoice from webhook to ERP; cases are reported as the line does."""
    number, at = f"INV-{next(_number)}", company.now - timedelta(hours=5)
    story = f"co-{number.lower()}"
    common: dict[str, Any] = {"correlation_id": story, "legal_entity": company.entity}
    customer = factories.a_customer(company.billing, name=name, created_at=at, **common)
    subscription = Subscription.objects.create(
        connection=company.billing,
        source_id=f"sub_{number}",
        customer=customer,
        currency="USD",
        started_on=at.date(),
        created_at=at,
        updated_at=at,
        **common,
    )
    invoice = factories.an_invoice(
        company.billing,
        number=number,
        customer=customer,
        subscription=subscription,
        net=total,
        total=total,
        issued_on=at.date(),
        created_at=at,
        **common,
    )
    event = _event(company, invoice, at, story)
    factories.a_reference(invoice, number, type="invoice_number")
    entry = journal(company, invoice, total, at, story, event)
    command = order(company, entry, state)
    told = Story(customer, subscription, invoice, event, entry, command)
    if paid:
        told.payment = Payment.objects.create(
            connection=company.billing,
            source_id=f"py_{number}",
            invoice=invoice,
            currency="USD",
            amount=total,
            dated=at.date(),
            state=PaymentState.FAILED,
            reason="The card was declined.",
            created_at=at + timedelta(hours=1),
            updated_at=at,
            **common,
        )
    _case(company, told)
    return told


def _event(company: Company, invoice: Invoice, at: datetime, story: str) -> InboundEvent:
    event = factories.an_event(
        company.billing,
        source_event_id=f"evt_{invoice.number}",
        object_id=invoice.source_id,
        occurred_at=at,
        received_at=at + timedelta(seconds=2),
        processed_at=at + timedelta(seconds=3),
        state="processed",
        deliveries=2,
        correlation_id=story,
    )
    link("event", event.pk, "invoice", invoice.pk, at)
    BusinessEvent.objects.create(
        inbound=event,
        contract="invoice.issued/1",
        subject="invoice",
        subject_id=invoice.source_id,
        data=strict_json.dumps({"number": invoice.number, "email": "pat@contoso.example"}),
        occurred_at=at,
        recorded_at=at,
        correlation_id=story,
    )
    return event


def link(from_kind: str, from_id: int, to_kind: str, to_id: int, at: datetime) -> None:
    Link.objects.create(
        from_kind=from_kind, from_id=from_id, to_kind=to_kind, to_id=to_id, created_at=at
    )


def journal(
    company: Company,
    invoice: Invoice,
    total: int,
    at: datetime,
    story: str,
    event: InboundEvent | None = None,
    **values: Any,
) -> JournalEntry:
    dated: date = at.date()
    entry = JournalEntry.objects.create(
        legal_entity=company.entity,
        period=factories.a_period(company.entity, year=dated.year, month=dated.month),
        accounting_date=dated,
        currency="USD",
        functional_currency="USD",
        amount=total,
        rule="J1",
        mapping_version=MappingVersion.objects.latest("pk").pk,
        content_sha256=sha256(story),
        correlation_id=story,
        recorded_at=at + timedelta(seconds=3),
        record_kind="invoice",
        record_id=invoice.pk,
        business_event=event.meanings.first() if event else None,
        **(
            {
                "document_type": "invoice",
                "business_key": f"stripe:{invoice.source_id}",
                "description": f"Invoice {invoice.number}",
            }
            | values
        ),
    )
    JournalLine.objects.bulk_create(
        JournalLine(entry=entry, position=place, account=account, amount=minor, functional=minor)
        for place, (account, minor) in enumerate((("1100", total), ("2300", -total)))
    )
    link("invoice", invoice.pk, "journal", entry.pk, at)
    return entry


def order(company: Company, entry: JournalEntry, state: str) -> OutboundCommand:
    """The command that posts an entry, with the attempts that its state tells of."""
    sent_at = company.now - timedelta(minutes=11)
    payload = strict_json.dumps(
        {
            "accounting_date": entry.accounting_date.isoformat(),
            "currency": "USD",
            "description": entry.description,
            "lines": [
                {"account": "1100", "debit": entry.amount, "credit": 0, "memo": ""},
                {"account": "2300", "debit": 0, "credit": entry.amount, "memo": ""},
            ],
            "number": f"JE-{entry.pk}",
            "period": entry.period.code,
        }
    )
    outcome: dict[str, dict[str, Any]] = {
        "posted": {"external_id": f"4{entry.pk}", "external_number": f"MOV/{entry.pk}"},
        "exception": {"code": "period_closed", "reason": "The period is closed."},
        "unknown": {"unknown_since": sent_at, "settle_until": company.now + timedelta(minutes=6)},
        "retry_wait": {"reason": "Tryton US is locked by another user."},
    }
    command = OutboundCommand.objects.create(
        connection=company.erp,
        legal_entity=company.entity,
        document_type=entry.document_type,
        business_key=entry.business_key,
        kind="journal.post",
        key=idempotency_key(
            lane="primary",
            legal_entity=company.entity.code,
            document_type=entry.document_type,
            business_key=entry.business_key,
            revision=1,
        ),
        payload=payload,
        payload_sha256=sha256(payload),
        subject_kind="journal",
        subject_id=entry.pk,
        currency="USD",
        amount=entry.amount,
        period_code=entry.period.code,
        state=state,
        next_at=company.now + timedelta(minutes=6),
        attempts=1,
        correlation_id=entry.correlation_id,
        created_at=entry.recorded_at,
        finished_at=entry.recorded_at + timedelta(seconds=1) if state == "posted" else None,
        **outcome.get(state, {}),
    )
    Attempt.objects.create(
        command=command,
        number=1,
        kind="send",
        fence=1,
        intent_at=sent_at,
        settle_until=command.settle_until,
        request_sha256=sha256(payload),
        outcome={"posted": "ok", "exception": "refused", "unknown": "in_doubt"}.get(
            state, "transient"
        ),
        http_status=200 if state == "posted" else None,
        reason=command.reason,
        excerpt='{"error": "period closed", "user": "clerk@books.example"}',
        finished_at=sent_at + timedelta(milliseconds=310),
    )
    return command


def _case(company: Company, told: Story) -> None:
    command, invoice = told.command, told.invoice
    if command.state not in ("exception", "unknown"):
        return
    doubt = command.state == "unknown"
    report(
        [
            Finding(
                kind="in_doubt" if doubt else "period_closed",
                identity=f"command:{command.pk}",
                cause_parts="books|in_doubt" if doubt else f"books|{command.period_code}",
                cause=(
                    "Tryton US did not answer"
                    if doubt
                    else f"Period {command.period_code} is closed in Tryton US"
                ),
                what_happened=(
                    f"Invoice {invoice.number} was sent to Tryton US and not answered."
                    if doubt
                    else f"Invoice {invoice.number} is not in Tryton US. The period is closed."
                ),
                legal_entity_id=company.entity.pk,
                period_code=command.period_code,
                currency="USD",
                at_stake=command.amount,
                path="Console → Tryton US · invoice",
                customer_name=told.customer.name,
                subject_label=f"Invoice {invoice.number}",
                blocked_steps=("Post to Tryton US",),
                facts=(("Answer", command.reason),),
                command_id=command.pk,
                record_kind="journal",
                record_id=told.entry.pk,
                connection_slug=company.erp.slug,
                correlation_id=command.correlation_id,
                state="in_doubt" if doubt else "open",
                checks_at=command.next_at if doubt else None,
            )
        ],
        at=company.now - timedelta(minutes=10),
    )


def stop_erp(company: Company) -> None:
    """The ERP's gate as it stands when calls fail."""
    Gate.objects.filter(connection=company.erp).update(
        breaker="open", story="5 of 10 calls failed", retry_at=company.now + timedelta(minutes=5)
    )
