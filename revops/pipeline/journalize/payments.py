"""Money in, back and out: payments, refunds, payouts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from revops.contracts.payments import (
    PaymentApplied,
    PaymentRefunded,
    PayoutReturned,
    PayoutSettled,
)
from revops.ledger import items
from revops.ledger.chains import NOTHING, Amount
from revops.ledger.rules import fx, payouts, refunds
from revops.ledger.rules import payments as rules
from revops.ledger.rules.base import Role
from revops.pipeline.journalize.credits import checked
from revops.pipeline.journalize.facts import About, Booked, Facts


def applied(data: PaymentApplied, facts: Facts) -> Booked:
    row = facts.batch.tables.payment.get(data.payment_id)
    assert row is not None
    # The record's day, not the event's: a later telling must not move what is booked.
    day = facts.books.on(row.dated)
    about = about_payment(facts, row)
    common: dict[str, Any] = {
        "business_key": facts.key(data.payment_id),
        "accounting_date": row.dated,
        "customer_id": about.customer_id,
        "customer_name": about.customer_name,
        "customer_key": about.customer_key,
        "invoice_number": about.invoice_number,
        "invoice_key": about.invoice_key,
        "carried": facts.receivable(row.dated, data.currency, about.invoice_key),
    }
    found = rules.applied(data, day, open_amount=row.allocated, **common)
    if not row.allocated_later:
        return Booked(found.drafts, note=found.note)
    later = rules.allocated(data, day, amount=row.allocated_later, **common)
    return Booked((*found.drafts, *later.drafts))


def about_payment(facts: Facts, row: Any) -> About:
    """The invoice that a payment is for, or at least its customer."""
    if row.invoice_id is not None:
        return facts.of_invoice(row.invoice_id)
    return facts.of_customer(row.customer_ref)


def refunded(data: PaymentRefunded, facts: Facts) -> Booked:
    row = facts.batch.tables.refund.get(data.refund_id)
    assert row is not None
    key = facts.key(data.refund_id)
    if facts.recorded("refund", key):
        return Booked(note="The refund is in the books.")
    paid = facts.batch.tables.payment.by_id(row.payment_id)
    about = about_payment(facts, paid)
    on = data.refunded_on
    given_back = checked(facts, about.invoice_key, data.currency, data.gives_back)
    refunded_key = about.invoice_key or about.customer_key
    taken = facts.known.listed(facts.books.id, data.currency, items.refunded(refunded_key))
    found = refunds.refunded(
        data,
        facts.books.on(on),
        business_key=key,
        accounting_date=on,
        owed=facts.balance(Role.REFUNDS_PAYABLE, on, data.currency, about.customer_key),
        credit=facts.balance(Role.CUSTOMER_CREDIT, on, data.currency, about.customer_key),
        charged=facts.charged(about.invoice_key),
        before=sum([held.amount for held in taken.values()]),
        refunded_key=refunded_key,
        customer_key=about.customer_key,
        customer_id=about.customer_id,
        customer_name=about.customer_name,
    )
    return Booked(found.drafts, note=found.note, given_back=given_back)


def settled(data: PayoutSettled, facts: Facts) -> Booked:
    held, exchanged = _processed(data, facts)
    found = payouts.settled(
        data,
        facts.books.on(data.arrived_on),
        business_key=facts.key(data.payout_id),
        accounting_date=data.arrived_on,
        key_of=facts.key,
        # Fees that a payment already brought have the same key, and are not recorded again.
        fees=data.items,
        held=held,
        exchanged=exchanged,
    )
    return Booked(found.drafts, note=found.note)


def _processed(data: PayoutSettled, facts: Facts) -> tuple[Amount, list[fx.Exchanged]]:
    """
    What the books hold the payout's items at in its currency, and what of other currencies the
    processor turned into it. Nothing of either where all is in the books' own currency.
    """
    account = facts.books.on(data.arrived_on).account(Role.PROCESSOR_CLEARING)
    held, found = NOTHING, []
    for part in data.items:
        for name in dict.fromkeys((part.source_id, part.balance_transaction_id)):
            item = items.processed(facts.key(name)) if name else ""
            for currency, own in facts.known.balances(facts.books.id, account, item).items():
                if currency == data.currency:
                    held = held + own
                else:
                    found.append(fx.Exchanged(currency, own.amount, own.functional, part.amount))
    return held, together(found)


def together(parts: Sequence[fx.Exchanged]) -> list[fx.Exchanged]:
    """One for each currency."""
    found: dict[str, fx.Exchanged] = {}
    for one in parts:
        before = found.get(one.currency, fx.Exchanged(one.currency, 0, 0, 0))
        found[one.currency] = fx.Exchanged(
            one.currency,
            before.amount + one.amount,
            (before.functional or 0) + (one.functional or 0),
            before.into + one.into,
        )
    return list(found.values())


def payout_returned(data: PayoutReturned, facts: Facts) -> Booked:
    found = payouts.returned(
        data,
        facts.books.on(data.returned_on),
        business_key=facts.key(data.payout_id),
        accounting_date=data.returned_on,
    )
    return Booked(found.drafts, note=found.note)
