"""Which facts a batch of events asks for, by kind: nothing is read that nobody needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from revops.canonical.operations import Batch
from revops.contracts.base import EventData
from revops.contracts.credits import CreditApplied, CreditIssued
from revops.contracts.invoices import InvoiceIssued, InvoiceVoided
from revops.contracts.payments import PaymentApplied, PaymentRefunded, PayoutSettled
from revops.contracts.subscriptions import (
    SubscriptionCancelled,
    SubscriptionPaused,
    SubscriptionResumed,
)
from revops.ledger import items
from revops.ledger.drafts import business_key

# What needs the books themselves → type of the entry that it makes, which may be there already.
_DEEP: Final = {
    "invoice.voided/1": "",
    "invoice.written_off/1": "write_off",
    "credit.issued/1": "credit",
    "credit.applied/1": "application",
    "credit.rejected/1": "",
    "credit.voided/1": "void",
    "payment.refunded/1": "refund",
    "refund.returned/1": "refund_return",
    "payment.returned/1": "return",
    "dispute.closed/1": "dispute_result",
}
_LIVES: Final = (SubscriptionPaused, SubscriptionResumed, SubscriptionCancelled)


@dataclass(slots=True)
class Wanted:
    """
    ``invoices`` by our id with the source's; ``documents`` (type, business key) that may be in the
    books; ``items`` whose balances are asked for; ``requests`` of credits, by any system's id;
    ``refunds``, whether those of the batch's customers count.
    """

    voided: list[str] = field(default_factory=list)
    chains: set[str] = field(default_factory=set)
    invoices: dict[int, str] = field(default_factory=dict)
    invoice_keys: set[str] = field(default_factory=set)
    items: set[str] = field(default_factory=set)
    documents: set[tuple[str, str]] = field(default_factory=set)
    requests: set[str] = field(default_factory=set)
    refunds: bool = False

    def __bool__(self) -> bool:
        return bool(self.chains or self.invoice_keys or self.items or self.documents)

    @classmethod
    def of(
        cls, slug: str, batch: Batch, events: Sequence[EventData], own: Mapping[int, str]
    ) -> Wanted:
        """``own`` is each entity's functional currency: others are held at earlier rates."""
        wanted = cls()
        deep = False
        for data in events:
            deep |= data.contract in _DEEP
            wanted.refunds |= isinstance(data, CreditIssued | PaymentRefunded)
            wanted._take(slug, data)
            if isinstance(data, PaymentApplied) and data.invoice_id:
                row = batch.tables.invoice.get(data.invoice_id)
                if row is not None and own.get(row.legal_entity_id or 0) != data.currency:
                    wanted.items.add(items.invoice(f"{slug}:{data.invoice_id}"))
        if deep or any(isinstance(data, _LIVES) for data in events):
            wanted._everything(slug, batch)
        return wanted

    def _take(self, slug: str, data: EventData) -> None:
        if isinstance(data, InvoiceIssued):
            if data.subscription_id and any(line.proration for line in data.lines):
                self.chains.add(f"{slug}:{data.subscription_id}")
                self.documents.add(("invoice", f"{slug}:{data.invoice_id}"))
            self.items |= {items.rated_line(one.usage_ref) for one in data.lines if one.usage_ref}
        elif isinstance(data, _LIVES):
            self.chains.add(f"{slug}:{data.subscription_id}")
        elif isinstance(data, InvoiceVoided):
            self.voided.append(data.invoice_id)
        elif isinstance(data, PayoutSettled):
            self.items |= {
                items.processed(f"{slug}:{one}")
                for part in data.items
                for one in (part.source_id, part.balance_transaction_id)
                if one
            }
        elif isinstance(data, CreditIssued) and data.request_ref:
            self.requests.add(data.request_ref)
        elif data.contract == "credit.rejected/1":
            self.items.add(items.credit_request(f"{slug}:{data.subject_id}"))
        made = _DEEP.get(data.contract)
        if made:
            key = f"{slug}:{data.subject_id}"
            if isinstance(data, CreditApplied):
                key = business_key(key, data.application_id)
            self.documents.add((made, key))

    def _everything(self, slug: str, batch: Batch) -> None:
        """The invoices and customers of the batch, also those that only a payment leads to."""
        for row in batch.tables.invoice.known():
            key = f"{slug}:{row.source_id}"
            if not batch.tables.invoice.is_new(row):
                self.invoices[row.id] = row.source_id
            self.invoice_keys.add(key)
            self.items |= {items.invoice(key), items.refunded(key)}
        for customer in batch.tables.customer.known():
            key = f"{slug}:{customer.source_id}"
            self.items |= {items.customer(key), items.refunded(key)}
