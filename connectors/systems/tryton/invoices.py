"""
A journal as Tryton's customer invoice (``account.invoice``), whose own move is then that journal.

The line on the receivable account is the total. Every line with a tax code is a tax line, made by
hand because the tax was worked out in billing; every other line is a line of quantity one. Tryton
writes one move line for each of them and one for the total, in its accounts and with its sign.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from connectors.contract import Found, HeldDocument
from connectors.postings import Line, Posting
from connectors.systems.tryton import moves, wire
from connectors.systems.tryton.books import Books, Library
from connectors.systems.tryton.journal import OURS, content_hash, key_in, text
from connectors.systems.tryton.placing import receivable
from revops.kernel.clock import now

# Before the id: invoices and moves are numbered separately, and both are ours to name.
PREFIX: Final = "invoice:"
READ: Final = (
    "company",
    "reference",
    "description",
    "state",
    "number",
    "accounting_date",
    "total_amount",
    "account.code",
    "lines.account.code",
    "lines.amount",
    "taxes.account.code",
    "taxes.amount",
    "move.date",
    "move.lines.account.code",
    "move.lines.debit",
    "move.lines.credit",
    "move.lines.amount_second_currency",
    "move.lines.second_currency.code",
    "move.lines.second_currency.digits",
)


def naming(posting: Posting, books: Books) -> list[Line]:
    """The line that names the customer."""
    return [receivable(posting, books)]


def values(
    key: str,
    posting: Posting,
    books: Books,
    parties: Mapping[str, int],
    addresses: Mapping[int, int],
    *,
    in_journal: int,
) -> dict[str, Any]:
    """
    The draft to create; ``addresses``: party → its address for invoices.

    The key is the reference, which Tryton copies neither to a duplicate nor to a credit note, as
    it does with the description. There is no invoice date: Tryton takes the day of posting. It
    numbers invoices in the order of that date and refuses an earlier one (README.md, “Dates”).
    """
    total = receivable(posting, books)
    party = parties[total.customer]
    lines: list[dict[str, Any]] = []
    taxes: list[dict[str, Any]] = []
    base = wire.decimal(0, books.digits)
    for line in posting.lines:
        amount = wire.decimal(line.credit - line.debit, books.digits)
        if line is total or line.credit == line.debit:
            continue
        account = books.accounts[line.account].id
        if line.tax_code:
            taxes.append(
                {
                    "account": account,
                    "manual": True,
                    "description": line.memo or line.tax_code,
                    # A tax follows the line that it is due on. For people: nothing is computed.
                    "base": base,
                    "amount": amount,
                }
            )
            continue
        base = amount
        lines.append(
            {
                "account": account,
                "company": books.company,
                "currency": books.currency_id,
                "quantity": 1,
                "unit_price": amount,
                "description": line.memo,
            }
        )
    return {
        "type": "out",
        "company": books.company,
        "currency": books.currency_id,
        "journal": in_journal,
        "party": party,
        "invoice_address": addresses[party],
        "account": books.accounts[total.account].id,
        "accounting_date": wire.date(posting.day),
        "reference": key,
        "description": text(posting),
        "lines": [["create", lines]],
        "taxes": [["create", taxes]],
        **({"payment_term_date": wire.date(posting.due_on)} if _ahead(posting.due_on) else {}),
    }


def _ahead(due_on: str) -> bool:
    """Tryton asks a person about a day to pay by that is over, so none such is told."""
    return due_on > (now() + timedelta(days=1)).date().isoformat()


def key_of(row: Mapping[str, Any]) -> str:
    return key_in(row.get("reference"))


def found(row: Mapping[str, Any], library: Library) -> Found | None:
    """
    An invoice as read with ``READ``; None for one that was cancelled before it was posted.

    One that was posted counts as posted for good, paid and cancelled ones too: its move stays.
    Raises Problem when it is no invoice of these books.
    """
    try:
        books = library.books[row["company"]]
        move = wire.nested(row, "move")
        if move is None and row["state"] == "cancelled":
            return None
        return Found(
            external_id=f"{PREFIX}{row['id']}",
            external_number=str(row["number"] or ""),
            posted=move is not None and row["state"] in ("posted", "paid", "cancelled"),
            content_sha256=_drafted(row, books) if move is None else moves.content(move, books),
            excerpt=str(row["description"] or ""),
        )
    except (KeyError, TypeError) as error:
        raise moves.unclear("invoice") from error


def document(row: Mapping[str, Any], books: Books) -> HeldDocument:
    """A posted invoice as read with ``READ``. Raises Problem when it does not say all of it."""
    try:
        key, move = key_of(row), wire.nested(row, "move")
        return HeldDocument(
            external_id=f"{PREFIX}{row['id']}",
            external_number=str(row["number"] or ""),
            posted=True,
            dated=wire.iso(move["date"]),
            currency=books.currency,
            lines=moves.lines(move, books),
            text=str(row["description"] or ""),
            key=key if key.startswith(OURS) else "",
        )
    except (KeyError, TypeError) as error:
        raise moves.unclear("invoice") from error


def _drafted(row: Mapping[str, Any], books: Books) -> str:
    """The hash of the move that a draft would make."""
    lines = [
        (
            str(wire.nested(line, "account")["code"]),
            *_sides(moves.amount(line["amount"], books.digits), credit=True),
        )
        for line in (*wire.nested(row, "lines"), *wire.nested(row, "taxes"))
    ]
    total = moves.amount(row["total_amount"], books.digits)
    account = str(wire.nested(row, "account")["code"])
    lines.append((account, *_sides(total, credit=False)))
    return content_hash(wire.iso(row["accounting_date"]), books.currency, lines)


def _sides(amount: int | str, *, credit: bool) -> tuple[int | str, int | str]:
    """(debit, credit) of an amount; a negative one stands on the other side."""
    if isinstance(amount, str):
        return amount, amount
    balance = -amount if credit else amount
    return max(balance, 0), max(-balance, 0)
