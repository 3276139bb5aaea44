"""Payments that come back or are contested."""

from __future__ import annotations

from revops.contracts.disputes import DisputeClosed, DisputeOpened, PaymentReturned
from revops.ledger.rules import disputes as rules
from revops.ledger.rules.base import Role
from revops.pipeline.journalize import changes
from revops.pipeline.journalize.facts import Booked, Facts
from revops.pipeline.journalize.payments import about_payment
from revops.pipeline.journalize.write_offs import ended, unearned


def returned(data: PaymentReturned, facts: Facts) -> Booked:
    row = facts.batch.tables.payment.get(data.payment_id)
    assert row is not None
    key = facts.key(data.payment_id)
    if facts.recorded("return", key):
        return Booked(note="The return is in the books.")
    about = about_payment(facts, row)
    on = data.returned_on
    # Only what no invoice was paid with can still be the customer's balance.
    beyond = max(0, data.amount - row.allocated - row.allocated_later)
    balance = facts.balance(Role.CUSTOMER_CREDIT, on, data.currency, about.customer_key)
    found = rules.returned(
        data,
        facts.books.on(on),
        business_key=key,
        accounting_date=on,
        credit=balance.part(min(beyond, balance.amount)),
        invoice_id=about.invoice_id,
        invoice_number=about.invoice_number,
        invoice_key=about.invoice_key,
        customer_key=about.customer_key,
        customer_id=about.customer_id,
        customer_name=about.customer_name,
    )
    return Booked(found.drafts, note=found.note)


def opened(data: DisputeOpened, facts: Facts) -> Booked:
    found = rules.opened(
        data,
        facts.books.on(data.opened_on),
        business_key=facts.key(data.dispute_id),
        accounting_date=data.opened_on,
    )
    return Booked(found.drafts, note=found.note)


def closed(data: DisputeClosed, facts: Facts) -> Booked:
    key = facts.key(data.dispute_id)
    if facts.recorded("dispute_result", key):
        return Booked(note="The decision is in the books.")
    on = data.closed_on
    dated = facts.books.on(on)
    if data.outcome == "won":
        won = rules.won(data, dated, business_key=key, accounting_date=on)
        return Booked(won.drafts, note=won.note)
    payment = facts.batch.tables.payment.get(data.payment_id)
    assert payment is not None
    about = about_payment(facts, payment)
    held = changes.of_invoice(facts, about.invoice_key, on) if data.service_ended else []
    rest = unearned(facts, held, on)
    beyond = max(0, data.amount - payment.allocated - payment.allocated_later)
    balance = facts.balance(Role.CUSTOMER_CREDIT, on, data.currency, about.customer_key)
    lost, taken = rules.lost(
        data,
        facts.rated(on, about.issued_on),
        business_key=key,
        accounting_date=on,
        charged=facts.charged(about.invoice_key),
        unearned=rest,
        credit=balance.part(min(beyond, balance.amount)),
        customer_key=about.customer_key,
        customer_id=about.customer_id,
    )
    then = ended(facts, held, on, taken, facts.document("dispute_result", key, data.dispute_id))
    return Booked(lost.drafts, note=lost.note, then=then if held else None)
