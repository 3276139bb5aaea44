"""What Tryton checks before it keeps a move, in the order and the words in which it was seen to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.systems.tryton.sandbox import chart
from connectors.systems.tryton.sandbox.records import Record, plain
from connectors.systems.tryton.sandbox.refused import (
    AccessError,
    Page,
    UserError,
    domain,
    required,
    unknown,
)

if TYPE_CHECKING:
    from connectors.systems.tryton.sandbox.ledger import Ledger

_MOVE = frozenset(("company", "journal", "period", "date", "description", "lines"))
_LINE = frozenset((
    "account", "debit", "credit", "party", "description", "second_currency",
    "amount_second_currency",
))  # fmt: skip
_LINKS = (
    ("company", "company.company", "Company"),
    ("journal", "account.journal", "Journal"),
    ("period", "account.period", "Period"),
)


def made(value: Mapping[str, Any], field: str) -> Sequence[Mapping[str, Any]]:
    """Of the one2many form ``[["create", [...]]]``."""
    return [row for _, rows in value.get(field) or () for row in rows]


def move(ledger: Ledger, value: Mapping[str, Any], name: str) -> None:
    """Raises UserError, AccessError or Page."""
    for field in value:
        if field not in _MOVE:
            raise Page(500, f"'{field}'")
    for field, model, label in _LINKS:
        if value.get(field) is None:
            raise required(label, "Account Move")
        if value[field] not in ledger.table(model):
            raise unknown(value[field], label, "Account Move")
    period = ledger.table("account.period")[value["period"]]
    day = plain(value["date"])
    if not plain(period["start_date"]) <= day <= plain(period["end_date"]):
        raise domain(period["name"], "Period", name, "Account Move")
    if period["company"] != value["company"]:
        raise domain(period["name"], "Period", name, "Account Move")
    for line in made(value, "lines"):
        _line(ledger, line, value["company"])
    journal_period(ledger, value["journal"], period)
    if period["state"] != "open":
        raise AccessError(
            f'You cannot create a journal-period in closed period "{period["name"]}".'
        )


def journal_period(ledger: Ledger, journal_id: int, period: Record) -> None:
    """Raises AccessError when it is closed."""
    journal = ledger.table("account.journal")[journal_id]
    if ledger.journal_period_is_closed(journal_id, period["id"]):
        raise AccessError(
            "You cannot add/modify/delete lines on closed journal-period "
            f'"{journal["name"]} - {period["name"]}".'
        )


def _line(ledger: Ledger, line: Mapping[str, Any], company: int) -> None:
    for field in line:
        if field not in _LINE:
            raise Page(500, f"'{field}'")
    account = ledger.table("account.account").get(line["account"])
    if account is None:
        raise unknown(line["account"], "Account", "Account Move Line")
    debit, credit = amount(line["debit"]), amount(line["credit"])
    sign = "-" if credit > debit else ""
    currency = chart.COMPANIES[account["company"] - 1][2]
    name = f"{sign}{currency}{abs(debit - credit):.2f} @ {account['code']}"
    if account["closed"] or account["company"] != company:
        full = f"{account['code']} - {account['name']}"
        raise domain(full, "Account", name, "Account Move Line")
    for label, value in (("Debit", debit), ("Credit", credit)):
        if -int(value.as_tuple().exponent) > chart.DIGITS:
            raise UserError(
                f'The number of digits in the value "\'{value}\'" for field "{label}" in record '
                f'"{name}" of "Account Move Line" exceeds the limit of "(None, 2)".'
            )
    if debit and credit:
        raise UserError("You cannot set both debit and credit on the line.")
    _second(ledger, line, debit - credit, company, name)
    if account["party_required"] and not line.get("party"):
        raise required("Party", "Account Move Line", name)
    if line.get("party") and not account["party_required"]:
        raise AccessError(
            f'To create a line on account "{account["code"]} - {account["name"]}", you must remove '
            f'the party on line "{name}".'
        )
    if line.get("party") and line["party"] not in ledger.table("party.party"):
        raise unknown(line["party"], "Party", "Account Move Line")


def _second(
    ledger: Ledger, line: Mapping[str, Any], balance: Decimal, company: int, name: str
) -> None:
    """Currency and amount come together, in another currency, on the same side."""
    currency, given = line.get("second_currency"), line.get("amount_second_currency")
    if currency is None and given is None:
        return
    if currency is None:
        raise required("Second Currency", "Account Move Line", name)
    if given is None:
        raise required("Amount Second Currency", "Account Move Line", name)
    if currency not in ledger.table("currency.currency"):
        raise unknown(currency, "Second Currency", "Account Move Line")
    if currency == ledger.table("company.company")[company]["currency"]:
        raise domain(str(currency), "Second Currency", name, "Account Move Line")
    if amount(given) * balance < 0:
        raise domain(str(amount(given)), "Amount Second Currency", name, "Account Move Line")


def balanced(ledger: Ledger, held: Record) -> None:
    table = ledger.table("account.move.line")
    if not held["lines"]:
        raise UserError(f'To post move "({held["id"]})", you must fill in its lines.')
    total = sum(
        (amount(table[line]["debit"]) - amount(table[line]["credit"]) for line in held["lines"]),
        Decimal(0),
    )
    if total:
        raise UserError(
            f'To post move "({held["id"]})", you must balance all its lines debits and credits.'
        )


def amount(value: Any) -> Decimal:
    return Decimal(value["decimal"]) if isinstance(value, dict) else Decimal(str(value))
