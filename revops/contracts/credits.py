"""
Credits: from a request to a credit memo and its use. What each type does to the books is decided in
accounting.md J5a-J5f and J6a.
"""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from revops.contracts.base import (
    Currency,
    Day,
    EventData,
    Id,
    MaybeId,
    Part,
    ServicePeriod,
    Taken,
    Text,
)

CreditType = Literal[
    "sla_period",
    "contract_concession",
    "future_price_cut",
    "billing_error",
    "cancellation",
    "goodwill",
]


class CreditTax(Part):
    """Tax given back, at the rate and for the jurisdiction of the invoice that charged it."""

    code: Id
    amount: Taken


class CreditLine(Part):
    """``amount`` is net and positive. ``invoice_line_id`` is the line that it lowers."""

    line_id: Id
    invoice_line_id: MaybeId = ""
    sku: MaybeId = ""
    description: Text = ""
    amount: Taken
    taxes: tuple[CreditTax, ...] = ()
    service_period: ServicePeriod | None = None


class _Request(EventData):
    """
    A credit before it is money. ``amount`` is net; ``entitled_on`` is the day that gave the right,
    which decides the period (not the day of approval).
    """

    subject: ClassVar[str] = "credit"

    credit_id: Id
    customer_id: Id
    invoice_id: MaybeId = ""
    credit_type: CreditType
    currency: Currency
    amount: Taken
    entitled_on: Day
    reason: Text = ""
    case_ref: MaybeId = ""
    legal_entity: Text = ""

    @property
    def subject_id(self) -> str:
        return self.credit_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        if self.invoice_id:
            return (("customer", self.customer_id), ("invoice", self.invoice_id))
        return (("customer", self.customer_id),)

    @property
    def related(self) -> tuple[tuple[str, str], ...]:
        return (("support_case", self.case_ref),) if self.case_ref else ()


class CreditRequested(_Request):
    contract: ClassVar[str] = "credit.requested/1"

    requested_on: Day


class CreditApproved(_Request):
    contract: ClassVar[str] = "credit.approved/1"

    approved_on: Day
    approved_by: Text = ""


class CreditRejected(_Request):
    contract: ClassVar[str] = "credit.rejected/1"

    rejected_on: Day
    rejected_by: Text = ""


class CreditIssued(EventData):
    """
    A credit memo is final. ``total`` is the sum of its lines and their taxes. ``settles`` says
    where it goes: it lowers the open invoice, becomes the customer's balance, or is paid back.
    ``request_ref`` is the credit request that it fulfils.
    """

    contract: ClassVar[str] = "credit.issued/1"
    subject: ClassVar[str] = "credit"

    credit_id: Id
    number: Text = ""
    customer_id: Id
    invoice_id: MaybeId = ""
    credit_type: CreditType
    settles: Literal["invoice", "balance", "refund"]
    currency: Currency
    issued_on: Day
    effective_on: Day | None = None
    lines: tuple[CreditLine, ...] = Field(min_length=1)
    total: Taken
    request_ref: MaybeId = ""
    reason: Text = ""
    legal_entity: Text = ""

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        found = sum(line.amount + sum(tax.amount for tax in line.taxes) for line in self.lines)
        if found != self.total:
            raise ValueError(
                f"The lines and taxes add up to {found} minor units, the total says {self.total}."
            )
        if self.settles == "invoice" and not self.invoice_id:
            raise ValueError("A credit that lowers an invoice names it.")
        return self

    @property
    def subject_id(self) -> str:
        return self.credit_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        if self.invoice_id:
            return (("customer", self.customer_id), ("invoice", self.invoice_id))
        return (("customer", self.customer_id),)

    @property
    def related(self) -> tuple[tuple[str, str], ...]:
        return (("credit", self.request_ref),) if self.request_ref else ()


class CreditVoided(EventData):
    """A memo that was issued is taken back, as if it had never been (accounting.md J5g)."""

    contract: ClassVar[str] = "credit.voided/1"
    subject: ClassVar[str] = "credit"

    credit_id: Id
    voided_on: Day
    reason: Text = ""

    @property
    def subject_id(self) -> str:
        return self.credit_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("credit", self.credit_id),)


class CreditApplied(EventData):
    """Part of a customer's balance settled an invoice (accounting.md J5b2)."""

    contract: ClassVar[str] = "credit.applied/1"
    subject: ClassVar[str] = "credit"

    credit_id: Id
    application_id: Id
    invoice_id: Id
    currency: Currency
    amount: Taken
    applied_on: Day

    @property
    def subject_id(self) -> str:
        return self.credit_id

    @property
    def needs(self) -> tuple[tuple[str, str], ...]:
        return (("credit", self.credit_id), ("invoice", self.invoice_id))
