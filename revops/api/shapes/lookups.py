"""What the lookups answer."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from revops.api.lookups.freshness import Freshness
from revops.api.lookups.parties import Known
from revops.api.shapes.holds import Personal, Tax
from revops.api.shapes.money import MoneyOut

Plain = Annotated[str, Field(description="A number in digits, such as 31.5.")]
Stands = Annotated[str, Field(description="In the console's words, such as issued or overdue.")]


def plain(value: Decimal) -> str:
    """Without an exponent and without idle zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


class SourceOut(BaseModel):
    """One system behind an answer; everything that it told us by ``as_of`` is in it."""

    system: str
    label: str
    as_of: datetime | None
    last_event_at: datetime | None
    last_polled_at: datetime | None
    interval_s: int | None
    stale: bool


class FreshnessOut(BaseModel):
    """``as_of`` is that of the system that lags most; ``stale``: one is later than it should be."""

    as_of: datetime | None
    stale: bool
    sources: list[SourceOut]

    @classmethod
    def of(cls, found: Freshness) -> Self:
        return cls(
            as_of=found.as_of,
            stale=found.stale,
            sources=[
                SourceOut(
                    system=source.system,
                    label=source.label,
                    as_of=source.as_of,
                    last_event_at=source.last_event_at,
                    last_polled_at=source.last_polled_at,
                    interval_s=source.interval_s,
                    stale=source.stale,
                )
                for source in found.sources
            ],
        )


class CustomerRefOut(BaseModel):
    id: Annotated[str, Field(examples=["PTY-12"])]
    name: Personal

    @classmethod
    def of(cls, known: Known) -> Self:
        return cls(id=known.reference, name=known.name)


class KnownAsOut(BaseModel):
    """What one system calls the customer, and in whose books."""

    system: str
    id: str
    name: Personal
    entity: str | None


class HoldOut(BaseModel):
    """Whether to sell on credit, by the console's own rule; ``reasons`` are sentences."""

    held: bool
    reasons: list[Personal]


class DuplicateOut(BaseModel):
    """A customer that may be the same one. ``score`` from 0 to 1."""

    id: str
    name: Personal
    score: Plain


class AccountOut(BaseModel):
    """
    A customer as one. ``name_agrees`` compares the name that was asked with ours, null when none
    was asked.
    """

    customer: CustomerRefOut
    matched_by: Literal["id", "tax_id"]
    name_agrees: Literal["exact", "similar", "different"] | None
    tax_id: Tax | None
    country: Tax | None
    region: Tax | None
    parent: CustomerRefOut | None
    health: str | None
    known_as: list[KnownAsOut]
    credit_hold: HoldOut
    may_be_the_same: list[DuplicateOut]
    freshness: FreshnessOut


class StepOut(BaseModel):
    """One row of how an amount came. ``unit_price`` in minor units, possibly a fraction."""

    label: str
    units: Plain
    unit_price: Plain


class PriceOut(BaseModel):
    """What ``quantity`` costs for one period. ``since`` is the first day of these terms."""

    price: str
    label: str
    system: str
    entity: str | None
    model: str
    quantity: Plain
    included: Plain
    charged: Plain
    amount: MoneyOut
    interval_months: int
    meter: str | None
    on: date
    since: date | None
    active: bool
    steps: list[StepOut]
    freshness: FreshnessOut


class PeriodOut(BaseModel):
    """Both days included."""

    start: date
    end: date


class EntitlementOut(BaseModel):
    """
    ``quantity`` is null without limit, ``used`` and ``remaining`` when it is not measured.
    ``valid_until`` is the last day, null without an end; ``why`` says why there is no right.
    """

    feature: str
    entitled: bool
    why: str | None
    on: date
    unlimited: bool
    quantity: Plain | None
    unit: str | None
    used: Plain | None
    remaining: Plain | None
    over: bool
    period: PeriodOut | None
    valid_until: date | None
    freshness: FreshnessOut


class AgedOut(BaseModel):
    """Open by days since the due day."""

    not_due: int
    days_1_30: int
    days_31_60: int
    days_61_90: int
    days_over_90: int


class CurrencyOut(BaseModel):
    """
    All amounts in minor units of ``currency``. ``open`` is owed to us, of it ``overdue`` is late;
    ``credit_balance`` and ``unapplied_payments`` are owed to the customer.
    """

    currency: str
    open: int
    overdue: int
    by_age: AgedOut
    written_off: int
    credit_balance: int
    unapplied_payments: int
    pending_credits: int
    disputed: int
    returned_payments: int


class CountsOut(BaseModel):
    open_invoices: int
    overdue_invoices: int
    disputes: int
    returned_payments: int
    pending_credits: int


class CreditOut(BaseModel):
    """Where a customer stands, over all systems. Nothing is netted, and no currency converted."""

    customer: CustomerRefOut
    credit_hold: HoldOut
    counts: CountsOut
    currencies: list[CurrencyOut]
    freshness: FreshnessOut


class PostingOut(BaseModel):
    """One journal of an invoice in one ERP; ``state`` as on its page, null before one is chosen."""

    journal: str
    document_type: str
    accounting_date: date
    lane: str
    state: str | None
    system: str | None
    number: str | None
    at: datetime | None
    reason: Personal | None


class OpenCaseOut(BaseModel):
    id: Annotated[str, Field(examples=["EXC-7"])]
    what_happened: Personal
    state: Stands
    due_at: datetime


class InvoiceOut(BaseModel):
    """``open`` is what is still owed. ``posted`` is true when an ERP holds its journal."""

    number: str
    id: str
    system: str
    entity: str | None
    customer: CustomerRefOut
    state: Stands
    issued_on: date
    due_on: date | None
    overdue_days: int
    total: MoneyOut
    settled: MoneyOut
    credited: MoneyOut
    open: MoneyOut
    posted: bool
    postings: list[PostingOut]
    cases: list[OpenCaseOut]
    freshness: FreshnessOut
