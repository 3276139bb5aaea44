"""Invoices, from issue to payment or void."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from revops.contracts.base import (
    Currency,
    Day,
    EventData,
    Exact,
    Flag,
    Id,
    MaybeId,
    Minor,
    Part,
    ServicePeriod,
    Taken,
    Text,
)


class InvoiceTax(Part):
    """
    Tax of one code or jurisdiction on one line; never part of revenue or its schedule.

    ``inclusive`` says that the price contained the tax; the line's amount is net all the same.
    """

    code: Id
    amount: Minor
    rate_percent: Exact | None = None
    inclusive: Flag = False


class InvoiceLine(Part):
    """
    ``amount`` is net: without tax, after discounts. Ratable lines carry a service period; a
    ratable SKU without one is an exception, never silent immediate revenue. ``proration`` marks the
    credit and the charge of a change in mid-term; ``usage_ref`` is the rated line that it bills.
    """

    line_id: Id
    sku: Id
    description: Text = ""
    quantity: Exact = Decimal(1)
    amount: Minor
    taxes: tuple[InvoiceTax, ...] = ()
    service_period: ServicePeriod | None = None
    proration: Flag = False
    usage_ref: MaybeId = ""


class InvoiceIssued(EventData):
    """An invoice became final and due. ``total`` is the sum of its lines and their taxes."""

    contract: ClassVar[str] = "invoice.issued/1"
    subject: ClassVar[str] = "invoice"

    invoice_id: Id
    number: Text
    customer_id: Id
    subscription_id: MaybeId = ""
    currency: Currency
    issued_on: Day
    due_on: Day | None = None
    lines: tuple[InvoiceLine, ...] = Field(min_length=1)
    total: Minor
    legal_entity: Text = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        found = sum(line.amount + sum(tax.amount for tax in line.taxes) for line in self.lines)
        if found != self.total:
            raise ValueError(
                f"The lines and taxes add up to {found} minor units, the total says {self.total}."
            )
        return self

    @model_validator(mode="after")
    def _tells_its_lines_apart(self) -> Self:
        if len({line.line_id for line in self.lines}) != len(self.lines):
            raise ValueError("Two lines have the same line_id; each needs its own.")
        return self

    @property
    def subject_id(self) -> str:
        return self.invoice_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("customer", self.customer_id),)


class InvoiceVoided(EventData):
    """The invoice is undone as if it had never been issued (accounting.md J5f)."""

    contract: ClassVar[str] = "invoice.voided/1"
    subject: ClassVar[str] = "invoice"

    invoice_id: Id
    voided_on: Day
    reason: Text = ""

    @property
    def subject_id(self) -> str:
        return self.invoice_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("invoice", self.invoice_id),)


class InvoicePaid(EventData):
    """The billing system sees nothing left to pay. Operational state; the payment journalizes."""

    contract: ClassVar[str] = "invoice.paid/1"
    subject: ClassVar[str] = "invoice"

    invoice_id: Id
    paid_on: Day
    amount_paid: Taken
    currency: Currency

    @property
    def subject_id(self) -> str:
        return self.invoice_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("invoice", self.invoice_id),)


class InvoiceOverdue(EventData):
    """The due day passed and something is still open. Operational state; no journal."""

    contract: ClassVar[str] = "invoice.overdue/1"
    subject: ClassVar[str] = "invoice"

    invoice_id: Id
    due_on: Day
    open_amount: Taken
    currency: Currency

    @property
    def subject_id(self) -> str:
        return self.invoice_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("invoice", self.invoice_id),)


class InvoiceWrittenOff(EventData):
    """
    What is still open will not be paid. ``cause`` says what it is in the books: inability to pay is
    a credit loss, a concession lowers revenue (accounting.md note 5). With ``service_ended`` the
    unearned part is only taken back (J11b); ``tax_relief`` says which tax comes back with it.
    """

    contract: ClassVar[str] = "invoice.written_off/1"
    subject: ClassVar[str] = "invoice"

    invoice_id: Id
    written_off_on: Day
    cause: Literal["credit_loss", "concession"]
    service_ended: Flag = True
    tax_relief: Literal["all", "unearned", "none"] = "all"
    reason: Text = ""

    @property
    def subject_id(self) -> str:
        return self.invoice_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("invoice", self.invoice_id),)


class WriteOffRecovered(EventData):
    """Money came for an invoice that had been written off (J11d): reinstated, then collected."""

    contract: ClassVar[str] = "invoice.recovered/1"
    subject: ClassVar[str] = "invoice"

    invoice_id: Id
    recovery_id: Id
    currency: Currency
    amount: Taken
    recovered_on: Day

    @property
    def subject_id(self) -> str:
        return self.invoice_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("invoice", self.invoice_id),)


class CreditLossEstimated(EventData):
    """The period's expected credit loss of a legal entity's receivables (J11a)."""

    contract: ClassVar[str] = "credit_loss.estimated/1"
    subject: ClassVar[str] = "credit_loss"

    estimate_id: Id
    legal_entity: Text
    currency: Currency
    amount: Minor
    estimated_on: Day
    method: Text = ""

    @property
    def subject_id(self) -> str:
        return self.estimate_id
