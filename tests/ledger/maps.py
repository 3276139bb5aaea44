"""Books for tests: the accounts of accounting.md, with calendars of months or of 4-4-5 weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from revops.kernel.money import Money
from revops.kernel.periods import Span, month
from revops.ledger.drafts import DraftLine, JournalDraft
from revops.ledger.rates import Rate
from revops.ledger.rules.base import MappingMissing, Period, SkuTreatment

ACCOUNTS = {
    "cash": "1000",
    "processor_clearing": "1050",
    "disputes_receivable": "1060",
    "receivable": "1100",
    "allowance": "1190",
    "unbilled": "1200",
    "deferred_noncurrent": "2310",
    "customer_credit": "2400",
    "refunds_payable": "2410",
    "accrued_credits": "2420",
    "service_credits": "4900",
    "refunds_and_allowances": "4910",
    "processing_fees": "6100",
    "dispute_fees": "6110",
    "credit_loss": "6200",
    "realized_fx": "7100",
    "unrealized_fx": "7110",
}
SKUS = {
    "pro": SkuTreatment("4000", "2300", "daily"),
    "pro-even": SkuTreatment("4000", "2300", "month_even"),
    "pro-ends": SkuTreatment("4000", "2300", "month_prorate_ends"),
    "setup": SkuTreatment("4000", "2300", "point_in_time"),
}
TAXES = {"us-ca": "2100", "us-ca-county": "2101"}


def months(first: int = 2019, latest: int = 2030) -> list[Period]:
    """Calendar months, coded 2025-01."""
    return [
        Period(f"{year}-{number:02d}", month(year, number))
        for year in range(first, latest + 1)
        for number in range(1, 13)
    ]


def weeks_4_4_5(start: date, quarters: int) -> list[Period]:
    """Thirteen weeks a quarter, as 4, 4 and 5."""
    periods = []
    for number in range(quarters * 3):
        end = start + timedelta(weeks=5 if number % 3 == 2 else 4, days=-1)
        periods.append(Period(f"P{number + 1:02d}", Span(start, end)))
        start = end + timedelta(days=1)
    return periods


MONTHS = months()


@dataclass(frozen=True)
class PlainBooks:
    """What the rules ask of ``Books``, from dictionaries."""

    legal_entity: str = "us"
    functional_currency: str = "USD"
    zone: str = "America/New_York"
    mapping_version: int = 7
    accounts: Mapping[str, str] = field(default_factory=lambda: ACCOUNTS)
    skus: Mapping[str, SkuTreatment] = field(default_factory=lambda: SKUS)
    taxes: Mapping[str, str] = field(default_factory=lambda: TAXES)
    rates: Mapping[str, str] = field(default_factory=dict)
    calendar: Sequence[Period] = field(default_factory=lambda: MONTHS)

    def account(self, role: str) -> str:
        return self._found(self.accounts, "account", role)

    def sku(self, sku: str) -> SkuTreatment:
        return self._found(self.skus, "sku", sku)

    def tax_account(self, code: str) -> str:
        return self._found(self.taxes, "tax", code)

    def rate(self, currency: str) -> Rate:
        return Rate(Decimal(self._found(self.rates, "rate", currency)), date(2025, 1, 1), "test")

    def periods(self, span: Span) -> Sequence[Period]:
        return self.calendar

    def _found(self, table: Mapping, kind: str, key: str):
        if key not in table:
            raise MappingMissing(kind, key, self.legal_entity)
        return table[key]


US = PlainBooks()


def span(start: str, end: str) -> Span:
    return Span(date.fromisoformat(start), date.fromisoformat(end))


def minor(text: str, currency: str = "USD") -> int:
    return Money.parse(text, currency).minor


def by_account(draft: JournalDraft, *, functional: bool = False) -> dict[str, int]:
    """What the entry does to each account, in minor units."""
    moved: dict[str, int] = {}
    for line in draft.lines:
        moved[line.account] = moved.get(line.account, 0) + (
            line.functional if functional else line.amount
        )
    return {account: amount for account, amount in moved.items() if amount}


def line_on(draft: JournalDraft, account: str) -> DraftLine:
    (line,) = [line for line in draft.lines if line.account == account]
    return line
