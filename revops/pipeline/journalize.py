"""
Business event → journal drafts: which posting rule applies, with which facts from the records.

The rules are pure and live in ``revops/ledger/rules``; here they get what they ask for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from revops.canonical.operations import Batch
from revops.contracts.base import EventData
from revops.contracts.invoices import InvoiceIssued, InvoiceVoided
from revops.contracts.payments import PaymentApplied, PaymentRefunded, PayoutSettled
from revops.ledger.books import EntityBooks
from revops.ledger.drafts import JournalDraft, ScheduleDraft
from revops.ledger.operations import Standing
from revops.ledger.rules import invoices, payments, payouts, reversals


@dataclass(frozen=True, slots=True)
class Booked:
    """
    What an event means for the books: drafts, schedules, or a note that says why nothing.

    ``reverses`` gives, for each draft in order, the id of the entry that it undoes, or None.
    """

    drafts: Sequence[JournalDraft] = ()
    schedules: Sequence[ScheduleDraft] = ()
    reverses: Sequence[int | None] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules may need beyond the event: records, books, entries that still stand."""

    slug: str
    batch: Batch
    books: EntityBooks
    standing: Mapping[int, Sequence[Standing]] = field(default_factory=dict)

    def key(self, source_id: str) -> str:
        """Business identity: the connection is the source's account, the id is its own."""
        return f"{self.slug}:{source_id}"


def journalize(data: EventData, facts: Facts) -> Booked:
    """
    Raises what the rules raise: MappingMissing, PeriodMissing, ServicePeriodMissing, Unbalanced.
    """
    rule = _RULES.get(data.contract)
    return rule(data, facts) if rule else Booked(note=_NO_JOURNAL.get(data.contract, ""))


def _invoice(data: InvoiceIssued, facts: Facts) -> Booked:
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    customer = facts.batch.tables.customer.by_id(row.customer_id)
    found = invoices.issued(
        data,
        facts.books.on(data.issued_on),
        business_key=facts.key(data.invoice_id),
        accounting_date=data.issued_on,
        customer_name=customer.name,
    )
    return Booked(found.drafts, found.schedules, note=found.note)


def _void(data: InvoiceVoided, facts: Facts) -> Booked:
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    standing = facts.standing.get(row.id, ())
    if not standing:
        return Booked(note="Nothing of this invoice is in the books.")
    drafts = reversals.void(
        [item.draft for item in standing],
        on=data.voided_on,
        business_key=facts.key(data.invoice_id),
    )
    return Booked(drafts, reverses=[item.id for item in standing])


def _payment(data: PaymentApplied, facts: Facts) -> Booked:
    row = facts.batch.tables.payment.get(data.payment_id)
    assert row is not None
    # The record's day, not the event's: a later telling must not move what is booked.
    day = facts.books.on(row.dated)
    about: dict[str, str] = {"customer_id": data.customer_id}
    if row.invoice_id is not None:
        about = _customer_of(facts, row.invoice_id)
        about["invoice_number"] = facts.batch.tables.invoice.by_id(row.invoice_id).number
    common: dict[str, Any] = {
        "business_key": facts.key(data.payment_id), "accounting_date": row.dated, **about
    }  # fmt: skip
    found = payments.applied(data, day, open_amount=row.allocated, **common)
    if not row.allocated_later:
        return Booked(found.drafts, note=found.note)
    later = payments.allocated(data, day, amount=row.allocated_later, **common)
    return Booked((*found.drafts, *later.drafts))


def _refund(data: PaymentRefunded, facts: Facts) -> Booked:
    row = facts.batch.tables.refund.get(data.refund_id)
    assert row is not None
    paid = facts.batch.tables.payment.by_id(row.payment_id)
    about = _customer_of(facts, paid.invoice_id) if paid.invoice_id is not None else {}
    found = payments.refunded(
        data,
        facts.books.on(data.refunded_on),
        business_key=facts.key(data.refund_id),
        accounting_date=data.refunded_on,
        **about,
    )
    return Booked(found.drafts, note=found.note)


def _payout(data: PayoutSettled, facts: Facts) -> Booked:
    found = payouts.settled(
        data,
        facts.books.on(data.arrived_on),
        business_key=facts.key(data.payout_id),
        accounting_date=data.arrived_on,
        key_of=facts.key,
        # Fees that a payment already brought have the same key, and are not recorded again.
        fees=data.items,
    )
    return Booked(found.drafts, note=found.note)


def _customer_of(facts: Facts, invoice_id: int) -> dict[str, str]:
    invoice = facts.batch.tables.invoice.by_id(invoice_id)
    customer = facts.batch.tables.customer.by_id(invoice.customer_id)
    return {"customer_id": customer.source_id, "customer_name": customer.name}


_RULES: Final[Mapping[str, Callable[[Any, Facts], Booked]]] = {
    "invoice.issued/1": _invoice,
    "invoice.voided/1": _void,
    "payment.applied/1": _payment,
    "payment.refunded/1": _refund,
    "payout.settled/1": _payout,
}

_NO_JOURNAL: Final = {
    "customer.created/1": "A customer is no journal.",
    "customer.updated/1": "A customer is no journal.",
    "subscription.activated/1": "Revenue follows the invoice, not the subscription.",
    "invoice.paid/1": "The payment is journalized, not the invoice's state.",
    "payment.failed/1": "A declined payment moves no money (J8a).",
}


def voided(events: Sequence[EventData]) -> list[str]:
    """Source ids of the invoices that these events void."""
    return [data.invoice_id for data in events if isinstance(data, InvoiceVoided)]


def accounting_date(data: EventData) -> date | None:
    """The day that decides the period, or None for events without a journal."""
    for name in ("issued_on", "received_on", "refunded_on", "arrived_on", "voided_on"):
        day: date | None = getattr(data, name, None)
        if day is not None:
            return day
    return None
