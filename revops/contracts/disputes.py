"""Payments that a customer contests at their bank, or that a bank takes back."""

from __future__ import annotations

from typing import ClassVar, Literal

from revops.contracts.base import Currency, Day, EventData, Flag, Id, MaybeId, Taken, Text


class PaymentReturned(EventData):
    """
    A payment that had counted came back unpaid, such as a direct debit (accounting.md J8b).
    ``fee`` is what the processor charges for it.
    """

    contract: ClassVar[str] = "payment.returned/1"
    subject: ClassVar[str] = "payment"

    payment_id: Id
    currency: Currency
    amount: Taken
    fee: Taken = 0
    returned_on: Day
    reason: Text = ""
    balance_transaction_id: MaybeId = ""

    @property
    def subject_id(self) -> str:
        return self.payment_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("payment", self.payment_id),)


class DisputeOpened(EventData):
    """The processor took ``amount`` and ``fee`` until the dispute is decided (J8c)."""

    contract: ClassVar[str] = "dispute.opened/1"
    subject: ClassVar[str] = "dispute"

    dispute_id: Id
    payment_id: Id
    currency: Currency
    amount: Taken
    fee: Taken = 0
    opened_on: Day
    reason: Text = ""
    evidence_due_on: Day | None = None

    @property
    def subject_id(self) -> str:
        return self.dispute_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("payment", self.payment_id),)


class DisputeClosed(EventData):
    """
    Won: the money is back, and ``fee_returned`` of the fee (J8d). Lost: it is gone, and with
    ``service_ended`` the unearned part is no revenue to come (J8e).
    """

    contract: ClassVar[str] = "dispute.closed/1"
    subject: ClassVar[str] = "dispute"

    dispute_id: Id
    payment_id: Id
    outcome: Literal["won", "lost"]
    currency: Currency
    amount: Taken
    fee_returned: Taken = 0
    closed_on: Day
    service_ended: Flag = True

    @property
    def subject_id(self) -> str:
        return self.dispute_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("payment", self.payment_id), ("dispute", self.dispute_id))
