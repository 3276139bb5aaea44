"""Invoices that will not be paid, and those that are paid after all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from revops.contracts.invoices import InvoiceWrittenOff, WriteOffRecovered
from revops.ledger.chains import Amount, Document, Held
from revops.ledger.rules import write_offs as rules
from revops.ledger.rules.shares import Unearned
from revops.pipeline.journalize import changes
from revops.pipeline.journalize.facts import Booked, Facts


def written_off(data: InvoiceWrittenOff, facts: Facts) -> Booked:
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    key = facts.key(data.invoice_id)
    if facts.recorded("write_off", key):
        return Booked(note="The write-off is in the books.")
    about = facts.of_invoice(row.id)
    on = data.written_off_on
    held = changes.of_invoice(facts, key, on) if data.service_ended else []
    found, taken = rules.written_off(
        data,
        facts.rated(on, about.issued_on),
        business_key=key,
        accounting_date=on,
        currency=row.currency,
        open_amount=row.total - row.applied - row.credited,
        charged=facts.charged(key),
        unearned=unearned(facts, held, on),
        invoice_number=about.invoice_number,
        customer_id=about.customer_id,
        customer_name=about.customer_name,
    )
    then = ended(facts, held, on, taken, facts.document("write_off", key, data.invoice_id))
    return Booked(found.drafts, note=found.note, then=then if held and found.drafts else None)


def unearned(facts: Facts, held: Sequence[Held], on: date) -> list[Unearned]:
    """What is still deferred of these schedules on a day."""
    calendar = facts.books.periods
    return [Unearned(one.terms.deferral_account, one.rest(on, calendar)) for one in held]


def ended(
    facts: Facts, held: Sequence[Held], on: date, taken: Sequence[Amount], document: Document
) -> Callable[[], None]:
    """Service is over: each schedule gives up what was taken, and earns at once what is left."""

    def then() -> None:
        for one, took in zip(held, taken, strict=True):
            changes.ended(facts, [one], on, took, document)

    return then


def recovered(data: WriteOffRecovered, facts: Facts) -> Booked:
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    about = facts.of_invoice(row.id)
    found = rules.recovered(
        data,
        facts.books.on(data.recovered_on),
        business_key=facts.key(data.recovery_id),
        accounting_date=data.recovered_on,
        invoice_number=about.invoice_number,
        invoice_key=about.invoice_key,
        customer_id=about.customer_id,
        customer_name=about.customer_name,
    )
    return Booked(found.drafts, note=found.note)
