"""NetSuite's own numbers for what we name: subsidiaries, accounts, periods, items, departments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.shelf import Shelf
from connectors.systems.netsuite import wire
from connectors.systems.netsuite.wire import NetSuite, Row

RECEIVABLE: Final = "AcctRec"

_SUBSIDIARIES: Final = "SELECT id, name, currency FROM subsidiary ORDER BY id"
_CURRENCIES: Final = "SELECT id, symbol, currencyprecision FROM currency ORDER BY id"
_ACCOUNTS: Final = """
SELECT id, acctnumber, accttype, isinactive FROM account WHERE acctnumber IS NOT NULL ORDER BY id
"""
_PERIODS: Final = """
SELECT id, periodname, TO_CHAR(startdate, 'YYYY-MM-DD') AS starts,
    TO_CHAR(enddate, 'YYYY-MM-DD') AS ends, closed, alllocked, arlocked
FROM accountingperiod
WHERE isyear = 'F' AND isquarter = 'F' AND isadjust = 'F'
ORDER BY id
"""
_ITEMS: Final = """
SELECT id, itemid, incomeaccount FROM item
WHERE itemid LIKE '{prefix}%' AND isinactive = 'F' ORDER BY id
"""
_NAMES: Final = "SELECT id, name FROM {table} WHERE isinactive = 'F' ORDER BY id"


@dataclass(frozen=True, slots=True)
class Account:
    id: str
    number: str
    receivable: bool
    usable: bool


@dataclass(frozen=True, slots=True)
class Currency:
    id: str
    code: str
    digits: int


@dataclass(frozen=True, slots=True)
class Period:
    """ISO days, both inclusive. ``open`` for journals, ``ar_open`` for documents of customers."""

    id: str
    name: str
    starts: str
    ends: str
    open: bool
    ar_open: bool


@dataclass(frozen=True, slots=True)
class Subsidiary:
    id: str
    name: str
    legal_entity: str
    currency: Currency


@dataclass(frozen=True, slots=True)
class Library:
    """
    ``subsidiaries`` by legal entity. ``accounts`` by number; ``ambiguous`` are numbers of several.
    ``items`` by the number of the account that they sell to.
    """

    subsidiaries: Mapping[str, Subsidiary]
    accounts: Mapping[str, Account]
    ambiguous: frozenset[str]
    periods: Sequence[Period]
    items: Mapping[str, str]
    departments: Mapping[str, str]
    classes: Mapping[str, str]

    def period_of(self, day: str) -> Period | None:
        return next((one for one in self.periods if one.starts <= day <= one.ends), None)

    def by_id(self, subsidiary: str) -> Subsidiary | None:
        return next((one for one in self.subsidiaries.values() if one.id == subsidiary), None)


def shelf() -> Shelf[NetSuite, Library]:
    return Shelf(read, _place)


def _place(netsuite: NetSuite) -> tuple[str, ...]:
    mapped = (f"{code}={number}" for code, number in netsuite.subsidiaries.items())
    return netsuite.settings.slug, netsuite.base_url, netsuite.item_prefix, *mapped


async def read(netsuite: NetSuite) -> Library:
    """Seven queries. Raises Problem."""
    currencies = {
        wire.text(row, "id"): Currency(
            wire.text(row, "id"),
            wire.text(row, "symbol"),
            int(str(row.get("currencyprecision") or 2)),
        )
        for row in await netsuite.rows(_CURRENCIES)
    }
    subsidiaries = _subsidiaries(
        await netsuite.rows(_SUBSIDIARIES), netsuite.subsidiaries, currencies
    )
    if not subsidiaries:
        reason = "None of the connection's legal entities is a subsidiary that the role sees."
        raise Problem(Outcome.AUTH, "company_missing", reason)
    accounts, ambiguous = _accounts(await netsuite.rows(_ACCOUNTS))
    prefix = netsuite.item_prefix.replace("'", "''").replace("%", "")
    items = await netsuite.rows(_ITEMS.format(prefix=prefix))
    numbers = {account.id: account.number for account in accounts.values()}
    return Library(
        subsidiaries=subsidiaries,
        accounts=accounts,
        ambiguous=ambiguous,
        periods=[_period(row) for row in await netsuite.rows(_PERIODS)],
        items=_items(items, netsuite.item_prefix, numbers),
        departments=_names(await netsuite.rows(_NAMES.format(table="department"))),
        classes=_names(await netsuite.rows(_NAMES.format(table="classification"))),
    )


def _subsidiaries(
    rows: Iterable[Row], mapped: Mapping[str, str], currencies: Mapping[str, Currency]
) -> dict[str, Subsidiary]:
    """By the connection's map; without one, a subsidiary's name is the legal entity's code."""
    codes = {number: code for code, number in mapped.items()}
    found: dict[str, Subsidiary] = {}
    for row in rows:
        number, name = wire.text(row, "id"), wire.text(row, "name")
        code = codes.get(number, "") if mapped else name
        currency = currencies.get(str(row.get("currency") or ""))
        if code and currency is not None:
            found[code] = Subsidiary(number, name, code, currency)
    return found


def _accounts(rows: Iterable[Row]) -> tuple[dict[str, Account], frozenset[str]]:
    accounts: dict[str, Account] = {}
    ambiguous = set()
    for row in rows:
        account = Account(
            wire.text(row, "id"),
            wire.text(row, "acctnumber"),
            receivable=row.get("accttype") == RECEIVABLE,
            usable=not wire.flag(row, "isinactive"),
        )
        other = accounts.get(account.number)
        if other is not None and other.usable and account.usable:
            ambiguous.add(account.number)
        if other is None or not other.usable:
            accounts[account.number] = account
    return accounts, frozenset(ambiguous)


def _period(row: Row) -> Period:
    shut = wire.flag(row, "closed") or wire.flag(row, "alllocked")
    return Period(
        wire.text(row, "id"),
        wire.text(row, "periodname"),
        wire.text(row, "starts"),
        wire.text(row, "ends"),
        open=not shut,
        ar_open=not shut and not wire.flag(row, "arlocked"),
    )


def _items(rows: Iterable[Row], prefix: str, numbers: Mapping[str, str]) -> dict[str, str]:
    """Only items that sell to the account which their name says."""
    found: dict[str, str] = {}
    for row in rows:
        number = wire.text(row, "itemid").removeprefix(prefix)
        if numbers.get(str(row.get("incomeaccount") or "")) == number:
            found.setdefault(number, wire.text(row, "id"))
    return found


def _names(rows: Iterable[Row]) -> dict[str, str]:
    return {wire.text(row, "name"): wire.text(row, "id") for row in rows}
