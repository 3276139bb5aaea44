"""SAP's company codes, with their currency and the accounts of their chart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors import postings
from connectors.caller import major, quoted
from connectors.commands import Unfit
from connectors.contract import Outcome
from connectors.postings import PAYMENT, Posting
from connectors.problem import Problem
from connectors.shelf import Shelf
from connectors.systems.sap import wire
from connectors.systems.sap.wire import Sap
from revops.kernel.money import AmountInvalid, minor_digits

COMPANIES: Final = "API_COMPANYCODE_SRV/A_CompanyCode"
ACCOUNTS: Final = "API_GLACCOUNTINCHARTOFACCOUNTS_SRV/A_GLAccountInChartOfAccounts"


@dataclass(frozen=True, slots=True)
class Account:
    number: str
    name: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class Books:
    """``receivable``: the reconciliation account of its customers."""

    company: str
    entity: str
    name: str
    currency: str
    chart: str
    receivable: str
    accounts: Mapping[str, Account]

    def shown(self, amount: int, currency: str = "") -> str:
        return format(major(amount, minor_digits(currency or self.currency)), "f")


@dataclass(frozen=True, slots=True)
class Library:
    """By legal entity."""

    books: Mapping[str, Books]


def shelf() -> Shelf[Sap, Library]:
    return Shelf(read, _place)


def _place(sap: Sap) -> tuple[str, ...]:
    user = sap.settings.secrets.get("user", "")
    return sap.base_url, user, sap.said("company_codes"), sap.said("receivable_account")


async def read(sap: Sap) -> Library:
    """One read of company codes, one of each chart. Raises Problem."""
    pairs = (part.partition("=") for part in sap.said("company_codes").split(";") if part.strip())
    wanted = {code.strip(): entity.strip() for entity, _, code in pairs}
    rows = await sap.rows(COMPANIES)
    found: dict[str, Books] = {}
    charts: dict[str, dict[str, Account]] = {}
    for row in rows:
        company = wire.text(row, "CompanyCode")
        entity = wanted.get(company, "" if wanted else company)
        if not entity:
            continue
        chart = wire.text(row, "ChartOfAccounts")
        if chart not in charts:
            listed = await sap.rows(ACCOUNTS, filter=f"ChartOfAccounts eq {quoted(chart)}")
            charts[chart] = {account.number: account for account in map(_account, listed)}
        found[entity] = Books(
            company, entity, str(row.get("CompanyCodeName") or company),
            wire.text(row, "Currency"), chart, sap.said("receivable_account") or "1100",
            charts[chart],
        )  # fmt: skip
    missing = [code for code, entity in wanted.items() if entity not in found]
    if missing or not found:
        reason = f"The communication user sees no company code {', '.join(missing)} in SAP."
        raise Problem(Outcome.AUTH, "company_missing", reason)
    return Library(found)


def plain(account: str) -> str:
    """An account without the zeros that SAP keeps before its digits."""
    return account.lstrip("0") or account


def _account(row: Mapping[str, Any]) -> Account:
    return Account(
        plain(wire.text(row, "GLAccount")),
        str(row.get("GLAccountName") or row.get("GLAccountLongName") or ""),
        bool(row.get("AccountIsBlockedForPosting")),
    )


def place(posting: Posting, library: Library) -> Books:
    """Whose books it belongs to; what can be told without asking is refused. Raises Unfit."""
    books = library.books.get(posting.legal_entity)
    if books is None:
        raise Unfit("company_missing", f"SAP has no company code for {posting.legal_entity}.")
    if posting.currency != books.currency:
        raise Unfit(
            "currency_mismatch",
            f"Company code {books.company} is kept in {books.currency}; "
            f"this is in {posting.currency}.",
        )
    try:
        minor_digits(posting.document_currency or posting.currency)
    except AmountInvalid as error:
        raise Unfit("currency_unknown", str(error)) from error
    for line in posting.lines:
        account = postings.account(
            line.account, books.accounts, system=f"SAP's chart {books.chart}"
        )
        if account.blocked:
            raise Unfit("account_unfit", f"Account {line.account} is blocked in SAP.")
        if line.account == books.receivable and line.amount and not line.customer:
            raise Unfit("party_missing", f"A line on {line.account} names no customer.")
    if posting.document is not None:
        _check_document(posting, books)
    return books


def _check_document(posting: Posting, books: Books) -> None:
    held = [line for line in posting.lines if line.account == books.receivable and line.amount]
    if len(held) != 1:
        raise Unfit(
            "receivable_missing",
            f"A document has one line on account {books.receivable}; this one has {len(held)}.",
        )
    settles = posting.settles
    if sum(one.amount for one in settles) > abs(held[0].amount) or any(
        one.amount < 0 for one in settles
    ):
        raise Unfit("payment_unfit", "It settles more than it is.")
    if settles and held[0].amount > 0 and posting.kind == PAYMENT:
        raise Unfit("negative_total", "A payment that settles invoices is more than zero.")
