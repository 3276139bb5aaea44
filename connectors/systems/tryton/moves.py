"""A journal as Tryton's move, there and back, and what makes two of them the same."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from connectors.contract import Found, Outcome
from connectors.systems.tryton import wire
from connectors.systems.tryton.answers import Problem
from connectors.systems.tryton.books import Books, Library, Period
from revops.kernel import keys
from revops.kernel.money import LIMIT, AmountInvalid, minor_digits

KIND: Final = "journal.post"
# Our keys hold nothing that a LIKE pattern would read as a wildcard, and end at the first blank.
KEY: Final = re.compile(r"[A-Za-z0-9-]{8,64}", re.ASCII)
OURS: Final = keys.PREFIX
_DESCRIPTION: Final = 240

READ: Final = (
    "company",
    "description",
    "state",
    "number",
    "date",
    "lines.account.code",
    "lines.debit",
    "lines.credit",
)


class Unfit(Exception):
    """A payload that Tryton would refuse, or that we must not send; ``reason`` is for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Line:
    account: str
    debit: int
    credit: int
    memo: str
    customer: str
    customer_name: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal as the ledger hands it over: one currency, whole minor units, ISO day."""

    legal_entity: str
    day: str
    currency: str
    text: str
    lines: tuple[Line, ...]

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Journal:
        """Raises Unfit."""
        try:
            day = date.fromisoformat(payload["accounting_date"]).isoformat()
            lines = tuple(_line(line) for line in payload["lines"])
            number = str(payload.get("number") or payload["business_key"])
            text = " ".join(f"{number} {payload.get('description') or ''}".split())
            currency, entity = str(payload["currency"]), str(payload["legal_entity"])
        except (KeyError, TypeError, ValueError) as error:
            raise Unfit("refused", f"The journal cannot be read: {error}.") from error
        if sum(line.debit - line.credit for line in lines):
            raise Unfit("unbalanced", "Debits and credits are not equal.")
        if not lines:
            raise Unfit("unbalanced", "The journal has no lines.")
        return cls(entity, day, currency, text[:_DESCRIPTION], lines)

    def customers(self, books: Books) -> dict[str, str]:
        """Id → name of the customers that Tryton wants to see on these lines."""
        return {
            line.customer: line.customer_name
            for line in self.lines
            if line.customer and books.accounts[line.account].party_required
        }


def _line(line: Mapping[str, Any]) -> Line:
    debit, credit = line["debit"], line["credit"]
    customer = line.get("customer") or {}
    for amount in (debit, credit):
        if type(amount) is not int or not 0 <= amount < LIMIT:
            raise ValueError("an amount is no whole number of minor units")
    if debit and credit:
        raise ValueError("a line has a debit and a credit")
    return Line(
        account=str(line["account"]),
        debit=debit,
        credit=credit,
        memo=str(line.get("memo") or ""),
        customer=str(customer.get("id") or ""),
        customer_name=str(customer.get("name") or ""),
    )


def place(journal: Journal, library: Library) -> tuple[Books, Period]:
    """Where it belongs, as far as can be told without asking Tryton. Raises Unfit."""
    books = library.of(journal.legal_entity)
    if books is None:
        raise Unfit(
            "company_missing", f"Tryton has no company whose party code is {journal.legal_entity}."
        )
    if library.journal is None:
        raise Unfit("journal_missing", "Tryton has no journal with the code of this connection.")
    _check_currency(journal, books)
    _check_lines(journal, books)
    period = books.period_of(journal.day)
    if period is None:
        raise Unfit("period_missing", f"Tryton has no period for {journal.day}.")
    if not period.open:
        raise Unfit("period_closed", f"Period {period.name} is closed in Tryton.")
    return books, period


def _check_currency(journal: Journal, books: Books) -> None:
    if journal.currency != books.currency:
        raise Unfit(
            "currency_mismatch",
            f"The books of {books.name} in Tryton are kept in {books.currency}; "
            f"this journal is in {journal.currency}.",
        )
    try:
        digits = minor_digits(journal.currency)
    except AmountInvalid as error:
        raise Unfit("currency_mismatch", str(error)) from error
    if digits != books.digits:
        raise Unfit(
            "currency_mismatch",
            f"Tryton keeps {books.currency} with {books.digits} decimals instead of {digits}.",
        )


def _check_lines(journal: Journal, books: Books) -> None:
    for line in journal.lines:
        account = books.accounts.get(line.account)
        if account is None:
            raise Unfit("account_unknown", f"Account {line.account} does not exist in Tryton.")
        if line.account in books.ambiguous:
            raise Unfit("account_unknown", f"Tryton has several accounts {line.account}.")
        if not account.usable:
            raise Unfit(
                "account_unknown",
                f"Account {line.account} cannot be posted to in Tryton: it is closed.",
            )
        if account.party_required and not line.customer:
            raise Unfit(
                "party_missing",
                f"A line on {line.account} {account.name} names no customer.",
            )


def values(
    key: str,
    journal: Journal,
    books: Books,
    period: Period,
    parties: Mapping[str, int],
    *,
    in_journal: int,
) -> dict[str, Any]:
    """The draft to create. The key leads the description: searchable there, by people as well."""
    zero = wire.decimal(0, books.digits)
    lines = []
    for line in journal.lines:
        account = books.accounts[line.account]
        value: dict[str, Any] = {
            "account": account.id,
            "debit": wire.decimal(line.debit, books.digits) if line.debit else zero,
            "credit": wire.decimal(line.credit, books.digits) if line.credit else zero,
        }
        if line.memo:
            value["description"] = line.memo
        if account.party_required:
            value["party"] = parties[line.customer]
        lines.append(value)
    return {
        "company": books.company,
        "journal": in_journal,
        "period": period.id,
        "date": wire.date(journal.day),
        "description": f"{key} {journal.text}",
        "lines": [["create", lines]],
    }


def content_hash(day: str, currency: str, lines: Sequence[Sequence[Any]]) -> str:
    """Of date, currency and lines as (account code, debit, credit); their order does not count."""
    content = [day, currency, sorted(map(list, lines), key=str)]
    return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def digest(payload: Mapping[str, Any]) -> str:
    """What Tryton should hold for a payload; "" for one that cannot be sent."""
    try:
        journal = Journal.of(payload)
    except Unfit:
        return ""
    return digest_of(journal)


def digest_of(journal: Journal) -> str:
    lines = [(line.account, line.debit, line.credit) for line in journal.lines]
    return content_hash(journal.day, journal.currency, lines)


def key_of(row: Mapping[str, Any]) -> str:
    return str(row.get("description") or "").partition(" ")[0]


def found(row: Mapping[str, Any], library: Library) -> Found:
    """A move as read with ``READ``. Raises Problem when it is no move of these books."""
    try:
        books = library.books[row["company"]]
        lines = row["lines."] if "lines." in row else row["lines"]
        content = [
            (
                str(_account_of(line)["code"]),
                _amount(line["debit"], books.digits),
                _amount(line["credit"], books.digits),
            )
            for line in lines
        ]
        return Found(
            external_id=str(row["id"]),
            external_number=str(row["number"] or ""),
            posted=row["state"] == "posted",
            content_sha256=content_hash(wire.iso(row["date"]), books.currency, content),
            excerpt=str(row["description"] or ""),
        )
    except (KeyError, TypeError) as error:
        raise Problem(
            Outcome.TRANSIENT, "garbled", "Tryton described a move without saying all of it."
        ) from error


def _account_of(line: Mapping[str, Any]) -> Mapping[str, Any]:
    account: Mapping[str, Any] = line["account."] if "account." in line else line["account"]
    return account


def _amount(value: Any, digits: int) -> int | str:
    """Minor units; what they cannot express stays as it is, and so equals none of ours."""
    amount = wire.minor(value, digits)
    return str(value) if amount is None else amount
