"""Money received, refused, given back, and paid out by the processor."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import model_validator

from revops.contracts.base import Currency, Day, EventData, Id, MaybeId, Minor, Part, Taken, Text
from revops.contracts.credits import CreditLine


class PaymentApplied(EventData):
    """
    A payment succeeded. ``amount`` is gross; ``fee`` is what the processor keeps, when the source
    already knows it. ``invoice_id`` is empty for a payment that names no invoice.
    """

    contract: ClassVar[str] = "payment.applied/1"
    subject: ClassVar[str] = "payment"

    payment_id: Id
    customer_id: MaybeId = ""
    invoice_id: MaybeId = ""
    currency: Currency
    amount: Taken
    fee: Minor = 0
    fee_currency: Currency | None = None
    balance_transaction_id: MaybeId = ""
    received_on: Day
    method: Text = ""

    @property
    def subject_id(self) -> str:
        return self.payment_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("invoice", self.invoice_id),) if self.invoice_id else ()


class PaymentFailed(EventData):
    """An attempt was declined. No journal (accounting.md J8a)."""

    contract: ClassVar[str] = "payment.failed/1"
    subject: ClassVar[str] = "payment"

    payment_id: Id
    customer_id: MaybeId = ""
    invoice_id: MaybeId = ""
    currency: Currency
    amount: Taken
    failed_on: Day
    reason: Text = ""

    @property
    def subject_id(self) -> str:
        return self.payment_id


class PaymentRefunded(EventData):
    """
    Money left the processor for the customer. ``gives_back`` says what of it was price and what
    tax, when no credit memo does (accounting.md J6c); it then adds up to the amount.
    """

    contract: ClassVar[str] = "payment.refunded/1"
    subject: ClassVar[str] = "refund"

    refund_id: Id
    payment_id: Id
    currency: Currency
    amount: Taken
    refunded_on: Day
    reason: Text = ""
    gives_back: tuple[CreditLine, ...] = ()

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        found = sum(line.amount + sum(tax.amount for tax in line.taxes) for line in self.gives_back)
        if self.gives_back and found != self.amount:
            raise ValueError(f"What is given back adds up to {found}, the refund is {self.amount}.")
        return self

    @property
    def subject_id(self) -> str:
        return self.refund_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("payment", self.payment_id),)


class RefundReturned(EventData):
    """
    The bank sent a refund back: the money is the processor's again, and the customer is still owed
    it (accounting.md J6d). ``amount`` is the whole refund.
    """

    contract: ClassVar[str] = "refund.returned/1"
    subject: ClassVar[str] = "refund"

    refund_id: Id
    currency: Currency
    amount: Taken
    returned_on: Day
    reason: Text = ""
    balance_transaction_id: MaybeId = ""

    @property
    def subject_id(self) -> str:
        return self.refund_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("refund", self.refund_id),)


class PayoutItem(Part):
    """One balance transaction in a payout; ``amount`` gross and ``fee`` in minor units."""

    balance_transaction_id: Id
    kind: Text
    source_id: MaybeId = ""
    amount: Minor
    fee: Minor = 0


class PayoutSettled(EventData):
    """The processor paid its balance to the bank; after it the clearing account nets to zero."""

    contract: ClassVar[str] = "payout.settled/1"
    subject: ClassVar[str] = "payout"

    payout_id: Id
    currency: Currency
    amount: Minor
    arrived_on: Day
    items: tuple[PayoutItem, ...] = ()
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.payout_id


class PayoutReturned(EventData):
    """The bank sent a payout back; the money is in the processor's balance again."""

    contract: ClassVar[str] = "payout.returned/1"
    subject: ClassVar[str] = "payout"

    payout_id: Id
    currency: Currency
    amount: Minor
    returned_on: Day
    reason: Text = ""

    @property
    def subject_id(self) -> str:
        return self.payout_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("payout", self.payout_id),)
