"""Tryton's own numbers for what we name: company, accounts, periods, journals, parties."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.shelf import Shelf
from connectors.systems.tryton import wire
from connectors.systems.tryton.wire import Tryton


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    code: str
    name: str
    party_required: bool
    usable: bool
    receivable: bool


@dataclass(frozen=True, slots=True)
class Currency:
    id: int
    digits: int


@dataclass(frozen=True, slots=True)
class Period:
    """``start`` and ``end`` are ISO days, both inclusive."""

    id: int
    name: str
    start: str
    end: str
    open: bool


@dataclass(frozen=True, slots=True)
class Books:
    """One company's. ``ambiguous``: account codes that several usable accounts have."""

    company: int
    code: str
    name: str
    currency: str
    currency_id: int
    digits: int
    accounts: Mapping[str, Account]
    ambiguous: frozenset[str]
    periods: Sequence[Period]

    def period_of(self, day: str) -> Period | None:
        return next((item for item in self.periods if item.start <= day <= item.end), None)


@dataclass(frozen=True, slots=True)
class Library:
    """
    The books that the key's user sees, as they were when read. ``only``: the company that the
    connection names for everything; otherwise a legal entity's is the one whose party has its code.
    ``invoices``: whether Tryton has them at all. ``currencies`` by code.
    """

    books: Mapping[int, Books]
    currencies: Mapping[str, Currency]
    only: Books | None
    journal: int | None
    revenue_journal: int | None
    invoices: bool

    def of(self, legal_entity: str) -> Books | None:
        if self.only is not None:
            return self.only
        return next((books for books in self.books.values() if books.code == legal_entity), None)


def shelf() -> Shelf[Tryton, Library]:
    return Shelf(read, _place)


def _place(tryton: Tryton) -> tuple[str, ...]:
    journals = tryton.journal, tryton.revenue_journal
    return tryton.base_url, tryton.database, tryton.company, *journals


async def read(tryton: Tryton) -> Library:
    """Six reads, however many companies there are. Raises Problem."""
    companies = await tryton.search(
        "company.company", [], ["rec_name", "party.code", "currency.code", "currency.digits"]
    )
    if not companies:
        raise Problem(Outcome.AUTH, "company_missing", "The key's user sees no company in Tryton.")
    here = ["company", "in", [row["id"] for row in companies]]
    accounts = _by_company(
        await tryton.search(
            "account.account",
            [here],
            ["company", "code", "name", "party_required", "closed", "type.receivable"],
        )
    )
    periods = _by_company(
        await tryton.search(
            "account.period",
            [here, ["type", "=", "standard"]],
            ["company", "name", "start_date", "end_date", "state"],
        )
    )
    codes = ["code", "in", [tryton.journal, tryton.revenue_journal]]
    journals = await tryton.search("account.journal", [codes], ["code", "type"])
    invoices = await tryton.search("ir.model", [["name", "=", "account.invoice"]], ["name"])
    known = await tryton.search("currency.currency", [], ["code", "digits"])
    currencies = {row["code"]: Currency(row["id"], row["digits"]) for row in known}
    books = {row["id"]: _books(row, accounts[row["id"]], periods[row["id"]]) for row in companies}
    only = next((one for one in books.values() if one.name == tryton.company), None)
    if tryton.company and only is None:
        reason = f"The key's user sees no company named “{tryton.company}” in Tryton."
        raise Problem(Outcome.AUTH, "company_missing", reason)
    return Library(
        books,
        currencies,
        only,
        journal=_first(row["id"] for row in journals if row["code"] == tryton.journal),
        revenue_journal=_first(
            row["id"]
            for row in journals
            if row["code"] == tryton.revenue_journal and row["type"] == "revenue"
        ),
        invoices=bool(invoices),
    )


def _first(ids: Iterable[int]) -> int | None:
    return next(iter(ids), None)


def _by_company(rows: Iterable[dict[str, Any]]) -> defaultdict[int, list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in rows:
        found[row["company"]].append(row)
    return found


def _books(
    company: Mapping[str, Any],
    accounts: Iterable[Mapping[str, Any]],
    periods: Iterable[Mapping[str, Any]],
) -> Books:
    by_code, ambiguous = _accounts(accounts)
    return Books(
        company=company["id"],
        code=str(company["party."]["code"] or ""),
        name=company["rec_name"],
        currency=company["currency."]["code"],
        currency_id=company["currency."]["id"],
        digits=company["currency."]["digits"],
        accounts=by_code,
        ambiguous=ambiguous,
        periods=[
            Period(
                row["id"],
                row["name"],
                wire.iso(row["start_date"]),
                wire.iso(row["end_date"]),
                row["state"] == "open",
            )
            for row in periods
        ],
    )


def _accounts(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Account], frozenset[str]]:
    accounts: dict[str, Account] = {}
    ambiguous = set()
    for row in rows:
        code = row["code"] or ""
        account = Account(
            id=row["id"],
            code=code,
            name=row["name"],
            party_required=bool(row["party_required"]),
            usable=row["type."] is not None and not row["closed"],
            receivable=bool(row["type."] and row["type."]["receivable"]),
        )
        other = accounts.get(code)
        if other is not None and other.usable and account.usable:
            ambiguous.add(code)
        if code and (other is None or not other.usable):
            accounts[code] = account
    return accounts, frozenset(ambiguous)
