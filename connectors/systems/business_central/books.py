"""Business Central's companies with their accounts and the dates that may be posted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from connectors.contract import Outcome
from connectors.problem import Problem
from connectors.shelf import Shelf
from connectors.systems.business_central import wire
from connectors.systems.business_central.wire import Central, Row
from revops.kernel.money import AmountInvalid, minor_digits

# A date that is not set, as Business Central writes it.
_NO_DAY: Final = "0001-01-01"


@dataclass(frozen=True, slots=True)
class Account:
    """``direct``: journals and documents may name it."""

    id: str
    number: str
    name: str
    direct: bool
    usable: bool


@dataclass(frozen=True, slots=True)
class Books:
    """
    One company's. ``entity`` is the legal entity whose books it keeps, else its own name;
    ``receivable`` the account that its customers' posting group leads to. Postings are allowed from
    ``first`` to ``last``, ISO days, “” for no limit.
    """

    company: str
    name: str
    entity: str
    currency: str
    digits: int
    receivable: str
    first: str
    last: str
    accounts: Mapping[str, Account]

    @property
    def path(self) -> str:
        return f"companies({self.company})"

    def allows(self, day: str) -> bool:
        return (not self.first or self.first <= day) and (not self.last or day <= self.last)


@dataclass(frozen=True, slots=True)
class Library:
    """The companies that this connection keeps books in, by legal entity."""

    books: Mapping[str, Books]
    only: Books | None

    def of(self, legal_entity: str) -> Books | None:
        return self.only or self.books.get(legal_entity)


def shelf() -> Shelf[Central, Library]:
    return Shelf(read, _place)


def _place(central: Central) -> tuple[str, ...]:
    named = central.said("companies"), central.said("receivable_account")
    return (central.base_url, central.root, *named)


async def read(central: Central) -> Library:
    """Two reads for each company, and one for all. Raises Problem."""
    rows = await central.rows("companies")
    mapping, only = _mapping(central.said("companies"))
    found: dict[str, Books] = {}
    for row in rows:
        names = {wire.text(row, "name"), str(row.get("displayName") or "")}
        entity = next((code for code, name in mapping.items() if name in names), "")
        if not entity and not mapping and (not only or only in names):
            entity = wire.text(row, "name")
        if entity:
            found[entity] = await _books(central, row, entity)
    missing = [name for code, name in mapping.items() if code not in found]
    if missing or not found:
        name = missing[0] if missing else only
        reason = f"The application sees no company “{name}” in Business Central."
        raise Problem(Outcome.AUTH, "company_missing", reason)
    return Library(found, next(iter(found.values())) if only else None)


def _mapping(said: str) -> tuple[dict[str, str], str]:
    """``US-INC=CRONUS; UK-LTD=Contoso`` by code; a name alone is one company for everything."""
    if "=" not in said:
        return {}, said
    pairs = (part.partition("=") for part in said.split(";") if part.strip())
    return {code.strip(): name.strip() for code, _, name in pairs}, ""


async def _books(central: Central, company: Row, entity: str) -> Books:
    guid = wire.text(company, "id")
    setup = await central.call("GET", f"companies({guid})/generalLedgerSetup")
    if isinstance(setup, Mapping) and isinstance(setup.get("value"), list):
        setup = setup["value"][0] if setup["value"] else {}
    if not isinstance(setup, Mapping):
        raise wire.unclear("generalLedgerSetup")
    currency = wire.text(dict(setup), "localCurrencyCode")
    try:
        digits = minor_digits(currency)
    except AmountInvalid as error:
        reason = f"The company “{company['name']}” names no local currency that is known."
        raise Problem(Outcome.REFUSED, "currency_mismatch", reason) from error
    rows = await central.rows(f"companies({guid})/accounts")
    return Books(
        company=guid,
        name=str(company.get("displayName") or company["name"]),
        entity=entity,
        currency=currency,
        digits=digits,
        receivable=central.said("receivable_account") or "1100",
        first=_day(setup.get("allowPostingFrom")),
        last=_day(setup.get("allowPostingTo")),
        accounts={account.number: account for account in map(_account, rows)},
    )


def _day(value: Any) -> str:
    return value if isinstance(value, str) and value > _NO_DAY else ""


def _account(row: Row) -> Account:
    usable = row.get("accountType") == "Posting" and row.get("blocked") is False
    return Account(
        wire.text(row, "id"),
        wire.text(row, "number"),
        str(row.get("displayName") or ""),
        direct=row.get("directPosting") is True,
        usable=usable,
    )
