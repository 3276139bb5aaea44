"""What every posting rule is given, and how it answers."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from revops.kernel.money import conversion, divide_half_up
from revops.kernel.periods import Span
from revops.ledger.drafts import CannotJournalize, DraftLine, JournalDraft, ScheduleDraft
from revops.ledger.rates import Rate
from revops.ledger.schedules import Period, PeriodMissing

__all__ = [
    "Books",
    "CannotJournalize",
    "Journalized",
    "Line",
    "MappingMissing",
    "Period",
    "PeriodMissing",
    "Rate",
    "Role",
    "ServicePeriodMissing",
    "SkuTreatment",
    "draft",
    "functional_lines",
]


class Role(enum.StrEnum):
    """
    What an account does in an entity's books; the account map says which account does it.

    Revenue, deferral and tax accounts are no roles: they come from the SKU and tax maps.
    """

    RECEIVABLE = "receivable"
    PROCESSOR_CLEARING = "processor_clearing"
    CASH = "cash"
    PROCESSING_FEES = "processing_fees"
    CUSTOMER_CREDIT = "customer_credit"
    REFUNDS_PAYABLE = "refunds_payable"
    DISPUTES = "disputes_receivable"
    ALLOWANCE = "allowance"
    UNBILLED = "unbilled"
    DEFERRED_NONCURRENT = "deferred_noncurrent"
    ACCRUED_CREDITS = "accrued_credits"
    SERVICE_CREDITS = "service_credits"
    REFUNDS_AND_ALLOWANCES = "refunds_and_allowances"
    DISPUTE_FEES = "dispute_fees"
    CREDIT_LOSS = "credit_loss"
    REALIZED_FX = "realized_fx"
    UNREALIZED_FX = "unrealized_fx"


@dataclass(frozen=True, slots=True)
class SkuTreatment:
    """How a SKU is accounted for; ``convention`` is one of ``schedules.CONVENTIONS``."""

    revenue_account: str
    deferral_account: str
    convention: str


class MappingMissing(CannotJournalize):
    """
    A map of the books has no entry for ``key`` on the day. ``kind`` is ``account`` (a role),
    ``sku``, ``tax`` (a code) or ``rate`` (a currency).
    """

    def __init__(self, kind: str, key: str, entity: str) -> None:
        self.kind = kind
        self.key = key
        self.entity = entity
        super().__init__(f"The books of {entity} have no {_WANTED.get(kind, kind)} “{key}”.")


class ServicePeriodMissing(CannotJournalize):
    """
    A line of a ratable SKU does not say when value is delivered. Recognising it at once in
    silence would be the wrong revenue, so a person decides (accounting.md, conventions).
    """

    def __init__(self, line_id: str, sku: str) -> None:
        self.line_id = line_id
        self.sku = sku
        super().__init__(
            f"Line {line_id} has no service period, and the revenue of {sku} is spread over one."
        )


class Books(Protocol):
    """
    A legal entity's maps as of an accounting date. Lookups raise MappingMissing; ``periods``
    raises PeriodMissing when the calendar does not hold the whole span.
    """

    @property
    def legal_entity(self) -> str: ...
    @property
    def functional_currency(self) -> str: ...
    @property
    def zone(self) -> str: ...
    @property
    def mapping_version(self) -> int: ...

    def account(self, role: str) -> str:
        """The account that plays a ``Role``."""

    def sku(self, sku: str) -> SkuTreatment: ...

    def tax_account(self, code: str) -> str: ...

    def rate(self, currency: str) -> Rate:
        """Units of the functional currency for one unit of ``currency``; 1 for its own."""

    def periods(self, span: Span) -> Sequence[Period]:
        """The accounting periods that ``span`` touches, in order; the whole calendar will do."""


@dataclass(frozen=True, slots=True)
class Journalized:
    """
    What a rule makes. ``note`` says why there is no journal, when there is none. ``excess`` is what
    credit lines took beyond what was deferred (positive); it lowered revenue instead.
    """

    drafts: tuple[JournalDraft, ...] = ()
    schedules: tuple[ScheduleDraft, ...] = ()
    note: str = ""
    excess: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """
    A line before it has its functional amount. ``held`` is that amount, signed, where the books
    hold it at an earlier day's rate: a receivable that is paid, a balance that is used. It counts
    only in a foreign currency; what the day's rate makes of the other lines is the exchange
    difference, and ``draft`` adds its line. ``item`` is what the account lists it under.
    """

    account: str
    amount: int
    memo: str
    source_line: str
    customer_id: str = ""
    customer_name: str = ""
    tax_code: str = ""
    service: Span | None = None
    held: int | None = None
    item: str = ""


def draft(
    books: Books,
    lines: Sequence[Line],
    *,
    document_type: str,
    business_key: str,
    revision: int = 1,
    accounting_date: date,
    currency: str,
    description: str,
    rule: str,
) -> JournalDraft:
    """
    The balanced entry of these lines in these books, with the rate that shaped it and, where lines
    are ``held``, the realised exchange difference (J10d). Raises Unbalanced, MappingMissing.
    """
    foreign = currency != books.functional_currency
    rated = foreign and any(line.held is None for line in lines)
    return JournalDraft(
        legal_entity=books.legal_entity,
        document_type=document_type,
        business_key=business_key,
        revision=revision,
        accounting_date=accounting_date,
        currency=currency,
        functional_currency=books.functional_currency,
        description=description,
        rule=rule,
        lines=functional_lines(books, lines, currency),
        mapping_version=books.mapping_version,
        rate=books.rate(currency) if rated else None,
    )


def functional_lines(books: Books, lines: Sequence[Line], currency: str) -> tuple[DraftLine, ...]:
    """
    The lines with their amounts in the books' own currency.

    A line's functional amount is the difference of two converted running totals: lines that sum
    to zero do so in both currencies without a rounding account, each is within one minor unit of
    its own conversion, and the first (the document's total) is exactly its conversion. Lines that
    the books hold at an earlier rate keep that, and the difference becomes a line of its own.
    """
    if currency == books.functional_currency:
        return tuple([_line(line, line.amount) for line in lines])
    over = under = running = given = 0
    if any(line.held is None for line in lines):
        over, under = conversion(currency, books.functional_currency, books.rate(currency).value)
    found = []
    for line in lines:
        if line.held is not None:
            found.append(_line(line, line.held))
            continue
        running += line.amount
        due = divide_half_up(running * over, under)
        found.append(_line(line, due - given))
        given = due
    difference = sum([line.functional for line in found])
    if difference and any(line.held is not None for line in lines):
        found.append(_realised(books, lines, difference))
    return tuple(found)


def _line(line: Line, functional: int) -> DraftLine:
    return DraftLine(
        line.account,
        line.amount,
        functional,
        line.memo,
        line.source_line,
        line.customer_id,
        line.customer_name,
        line.tax_code,
        line.service,
        line.item,
    )


def _realised(books: Books, lines: Sequence[Line], difference: int) -> DraftLine:
    """The gain or loss between the rate of then and the rate of now (ASC 830-20-35-1)."""
    (settled, *_) = [line for line in lines if line.held is not None]
    return DraftLine(
        books.account(Role.REALIZED_FX),
        0,
        -difference,
        f"Exchange difference, {settled.memo}",
        settled.source_line,
    )


_WANTED: Final = {
    "account": "account for the role",
    "sku": "treatment of the SKU",
    "tax": "account for the tax code",
    "rate": "exchange rate for",
}
