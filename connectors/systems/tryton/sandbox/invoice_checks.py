"""What Tryton checks of a customer invoice, in the words in which it was seen to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from connectors.systems.tryton.sandbox import chart
from connectors.systems.tryton.sandbox.checks import amount, journal_period, made
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

_MODEL: Final = "Account Invoice"
PLAIN: Final = (
    "type", "company", "currency", "journal", "party", "invoice_address", "account",
    "accounting_date", "reference", "description", "payment_term_date",
)  # fmt: skip
_LINE: Final = frozenset(
    ("account", "company", "currency", "quantity", "unit_price", "description")
)
_TAX: Final = frozenset(("account", "manual", "description", "base", "amount"))
_LINKS: Final = (
    ("company", "company.company", "Company"),
    ("party", "party.party", "Party"),
    ("invoice_address", "party.address", "Invoice Address"),
    ("currency", "currency.currency", "Currency"),
    ("account", "account.account", "Account"),
    ("journal", "account.journal", "Journal"),
)
_PRICE_DIGITS: Final = 4


def name(invoice: Mapping[str, Any]) -> str:
    """As Tryton's messages name it."""
    reference = f"[{invoice['reference']}]" if invoice.get("reference") else ""
    return " ".join(part for part in (invoice.get("number"), reference) if part)


def draft(ledger: Ledger, value: Mapping[str, Any]) -> None:
    """Raises UserError, AccessError or Page."""
    if "number" in value:
        raise AccessError(f'You are not allowed to modify the field "Number" of "{_MODEL}".')
    for field in value:
        if field not in (*PLAIN, "lines", "taxes"):
            raise Page(500, f"'{field}'")
    for field, model, label in _LINKS:
        if value.get(field) is None:
            if field != "journal":
                raise required(label, _MODEL)
        elif value[field] not in ledger.table(model):
            raise unknown(value[field], label, _MODEL)
    address = ledger.table("party.address")[value["invoice_address"]]
    if address["party"] != value["party"]:
        party = ledger.table("party.party")[address["party"]]
        raise domain(party["name"], "Invoice Address", name(value), _MODEL)
    if value.get("journal"):
        journal = ledger.table("account.journal")[value["journal"]]
        if journal["type"] != "revenue":
            raise domain(journal["name"], "Journal", name(value), _MODEL)
    for line in made(value, "lines"):
        _line(ledger, line, value)
    for tax in made(value, "taxes"):
        _tax(ledger, tax, value)


def _line(ledger: Ledger, line: Mapping[str, Any], invoice: Mapping[str, Any]) -> None:
    account = _account(ledger, line, _LINE, "Account Invoice Line")
    full = f"{account['code']} - {account['name']}"
    record = f"{float(line['quantity'])} {full} @ {name(invoice)}"
    kind = ledger.table("account.account.type")[account["type"]]
    if not _free(account, invoice) or not (kind["revenue"] or kind["deposit"]):
        raise domain(full, "Account", record, "Account Invoice Line")
    price = amount(line["unit_price"])
    if -int(price.as_tuple().exponent) > _PRICE_DIGITS:
        raise UserError(
            f'The number of digits in the value "\'{price}\'" for field "Unit Price" in record '
            f'"{record}" of "Account Invoice Line" exceeds the limit of "(None, 4)".'
        )


def _tax(ledger: Ledger, tax: Mapping[str, Any], invoice: Mapping[str, Any]) -> None:
    account = _account(ledger, tax, _TAX, "Account Invoice Tax")
    if not _free(account, invoice):
        full = f"{account['code']} - {account['name']}"
        raise domain(full, "Account", str(tax["description"]), "Account Invoice Tax")


def _account(
    ledger: Ledger, value: Mapping[str, Any], fields: frozenset[str], model: str
) -> Record:
    for field in value:
        if field not in fields:
            raise Page(500, f"'{field}'")
    account = ledger.table("account.account").get(value["account"])
    if account is None:
        raise unknown(value["account"], "Account", model)
    return account


def _free(account: Record, invoice: Mapping[str, Any]) -> bool:
    same = account["company"] == invoice["company"]
    return same and not account["closed"] and account["id"] != invoice["account"]


def period(ledger: Ledger, invoice: Record) -> Record:
    """The open one that the invoice's move belongs to. Raises UserError or AccessError."""
    year, month, day = plain(invoice["accounting_date"])
    shown = f"{month:02d}/{day:02d}/{year:04d}"
    company = chart.COMPANIES[invoice["company"] - 1][1]
    for row in ledger.table("account.period").values():
        inside = plain(row["start_date"]) <= (year, month, day) <= plain(row["end_date"])
        if inside and row["company"] == invoice["company"]:
            break
    else:
        raise UserError(
            f'To continue, you must create a period for the date "{shown}" and company "{company}".'
        )
    if row["state"] != "open":
        raise UserError(
            f'To continue, you must reopen the period "{row["name"]}" of company "{company}" for '
            f'the date "{shown}".'
        )
    if invoice["journal"] is None:
        raise required("Journal", "Account Move")
    journal_period(ledger, invoice["journal"], row)
    return row
