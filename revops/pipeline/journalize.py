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
class Journalized:
    """
    What an event means for the books: drafts, schedules, or a note that says why nothing.

    ``reverses`` gives, for each draft in order, the id of the entry that it undoes, or None.
    ``about`` is the record that the drafts are kept under.
    """

    drafts: Sequence[JournalDraft] = ()
    schedules: Sequence[ScheduleDraft] = ()
    reverses: Sequence[int | None] = ()
    note: str = ""
    about: tuple[str, int] | None = None
    customer_ref: str = ""


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


def journalize(data: EventData, facts: Facts) -> Journalized:
    """
    Raises what the rules raise: MappingMissing, PeriodMissing, ServicePeriodMissing, Unbalanced.
    """
    rule = _RULES.get(data.contract)
    return rule(data, facts) if rule else Journalized(note=_NO_JOURNAL.get(data.contract, ""))


def _invoice(data: InvoiceIssued, facts: Facts) -> Journalized:
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
    return Journalized(
        found.drafts,
        found.schedules,
        note=found.note,
        about=("invoice", row.id),
        customer_ref=data.customer_id,
    )


def _void(data: InvoiceVoided, facts: Facts) -> Journalized:
    row = facts.batch.tables.invoice.get(data.invoice_id)
    assert row is not None
    standing = facts.standing.get(row.id, ())
    if not standing:
        return Journalized(note="Nothing of this invoice is in the books.")
    drafts = reversals.void(
        [item.draft for item in standing],
        on=data.voided_on,
        business_key=facts.key(data.invoice_id),
    )
    return Journalized(
        drafts,
        reverses=[item.id for item in standing],
        about=("invoice", row.id),
        customer_ref=facts.batch.tables.customer.by_id(row.customer_id).source_id,
    )


def _payment(data: PaymentApplied, facts: Facts) -> Journalized:
    row = facts.batch.tables.payment.get(data.payment_id)
    assert row is not None
    number, customer_id, customer_name = "", data.customer_id, ""
    if row.invoice_id is not None:
        invoice = facts.batch.tables.invoice.by_id(row.invoice_id)
        number = invoice.number
        customer = facts.batch.tables.customer.by_id(invoice.customer_id)
        customer_id, customer_name = customer.source_id, customer.name
    drafts = payments.applied(
        data,
        facts.books.on(data.received_on),
        business_key=facts.key(data.payment_id),
        accounting_date=data.received_on,
        open_amount=row.allocated,
        invoice_number=number,
        customer_id=customer_id,
        customer_name=customer_name,
    )
    return Journalized(drafts.drafts, note=drafts.note, about=("payment", row.id))


def _refund(data: PaymentRefunded, facts: Facts) -> Journalized:
    row = facts.batch.tables.refund.get(data.refund_id)
    assert row is not None
    drafts = payments.refunded(
        data,
        facts.books.on(data.refunded_on),
        business_key=facts.key(data.refund_id),
        accounting_date=data.refunded_on,
    )
    return Journalized(drafts.drafts, note=drafts.note, about=("refund", row.id))


def _payout(data: PayoutSettled, facts: Facts) -> Journalized:
    row = facts.batch.tables.payout.get(data.payout_id)
    assert row is not None
    drafts = payouts.settled(
        data,
        facts.books.on(data.arrived_on),
        business_key=facts.key(data.payout_id),
        accounting_date=data.arrived_on,
        key_of=facts.key,
    )
    return Journalized(drafts.drafts, note=drafts.note, about=("payout", row.id))


_RULES: Final[Mapping[str, Callable[[Any, Facts], Journalized]]] = {
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
